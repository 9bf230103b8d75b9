from typing import Literal

MeRoleType1 = Literal["admin", "customer", "staff"]

ME_ROLE_TYPE_1_VALUES: set[MeRoleType1] = {
    "admin",
    "customer",
    "staff",
}


def check_me_role_type_1(value: str) -> MeRoleType1:
    if value in ME_ROLE_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ME_ROLE_TYPE_1_VALUES!r}")
