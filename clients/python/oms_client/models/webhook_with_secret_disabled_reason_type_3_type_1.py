from typing import Literal

WebhookWithSecretDisabledReasonType3Type1 = Literal["by_hand", "failing", "gone"]

WEBHOOK_WITH_SECRET_DISABLED_REASON_TYPE_3_TYPE_1_VALUES: set[WebhookWithSecretDisabledReasonType3Type1] = {
    "by_hand",
    "failing",
    "gone",
}


def check_webhook_with_secret_disabled_reason_type_3_type_1(value: str) -> WebhookWithSecretDisabledReasonType3Type1:
    if value in WEBHOOK_WITH_SECRET_DISABLED_REASON_TYPE_3_TYPE_1_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {WEBHOOK_WITH_SECRET_DISABLED_REASON_TYPE_3_TYPE_1_VALUES!r}"
    )
