from typing import Literal

UserChangeRole = Literal["admin", "customer", "staff"]

USER_CHANGE_ROLE_VALUES: set[UserChangeRole] = {
    "admin",
    "customer",
    "staff",
}


def check_user_change_role(value: str) -> UserChangeRole:
    if value in USER_CHANGE_ROLE_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {USER_CHANGE_ROLE_VALUES!r}")
