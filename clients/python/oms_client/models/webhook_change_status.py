from typing import Literal

WebhookChangeStatus = Literal["disabled", "enabled", "paused"]

WEBHOOK_CHANGE_STATUS_VALUES: set[WebhookChangeStatus] = {
    "disabled",
    "enabled",
    "paused",
}


def check_webhook_change_status(value: str) -> WebhookChangeStatus:
    if value in WEBHOOK_CHANGE_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WEBHOOK_CHANGE_STATUS_VALUES!r}")
