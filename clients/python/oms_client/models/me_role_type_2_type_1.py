from typing import Literal

MeRoleType2Type1 = Literal["admin", "customer", "staff"]

ME_ROLE_TYPE_2_TYPE_1_VALUES: set[MeRoleType2Type1] = {
    "admin",
    "customer",
    "staff",
}


def check_me_role_type_2_type_1(value: str) -> MeRoleType2Type1:
    if value in ME_ROLE_TYPE_2_TYPE_1_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ME_ROLE_TYPE_2_TYPE_1_VALUES!r}")
