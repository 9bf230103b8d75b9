from typing import Literal

OrderViewManagedBy = Literal["operator", "owner"]

ORDER_VIEW_MANAGED_BY_VALUES: set[OrderViewManagedBy] = {
    "operator",
    "owner",
}


def check_order_view_managed_by(value: str) -> OrderViewManagedBy:
    if value in ORDER_VIEW_MANAGED_BY_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {ORDER_VIEW_MANAGED_BY_VALUES!r}")
