from typing import Literal

WebhookDeliveryWithAttemptsStatus = Literal["delivered", "failed", "waiting"]

WEBHOOK_DELIVERY_WITH_ATTEMPTS_STATUS_VALUES: set[WebhookDeliveryWithAttemptsStatus] = {
    "delivered",
    "failed",
    "waiting",
}


def check_webhook_delivery_with_attempts_status(value: str) -> WebhookDeliveryWithAttemptsStatus:
    if value in WEBHOOK_DELIVERY_WITH_ATTEMPTS_STATUS_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {WEBHOOK_DELIVERY_WITH_ATTEMPTS_STATUS_VALUES!r}")
