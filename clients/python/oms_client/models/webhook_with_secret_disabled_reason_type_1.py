from typing import Literal

WebhookWithSecretDisabledReasonType1 = Literal["by_hand", "failing", "gone"]

WEBHOOK_WITH_SECRET_DISABLED_REASON_TYPE_1_VALUES: set[WebhookWithSecretDisabledReasonType1] = {
    "by_hand",
    "failing",
    "gone",
}


def check_webhook_with_secret_disabled_reason_type_1(value: str) -> WebhookWithSecretDisabledReasonType1:
    if value in WEBHOOK_WITH_SECRET_DISABLED_REASON_TYPE_1_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_WITH_SECRET_DISABLED_REASON_TYPE_1_VALUES!r}"
    )
