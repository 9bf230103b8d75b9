from typing import Literal

MeRoleType3Type1 = Literal["admin", "customer", "staff"]

ME_ROLE_TYPE_3_TYPE_1_VALUES: set[MeRoleType3Type1] = {
    "admin",
    "customer",
    "staff",
}


def check_me_role_type_3_type_1(value: str) -> MeRoleType3Type1:
    if value in ME_ROLE_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ME_ROLE_TYPE_3_TYPE_1_VALUES!r}")
