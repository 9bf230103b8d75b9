"""Contains all the data models used in inputs/outputs"""

from .api_key import ApiKey
from .api_keys import ApiKeys
from .callback_view import CallbackView
from .callback_view_outcome import CallbackViewOutcome
from .cancel_body import CancelBody
from .cancel_line_body import CancelLineBody
from .capture_body import CaptureBody
from .created_api_key import CreatedApiKey
from .document_body import DocumentBody
from .document_body_items import DocumentBodyItems
from .document_body_metadata_type_0 import DocumentBodyMetadataType0
from .firebase_body import FirebaseBody
from .import_error_view import ImportErrorView
from .import_errors_view import ImportErrorsView
from .import_orders_body import ImportOrdersBody
from .import_page_view import ImportPageView
from .import_view import ImportView
from .import_view_format import ImportViewFormat
from .import_view_status import ImportViewStatus
from .invoice_customer_view import InvoiceCustomerView
from .invoice_customer_view_address_type_0 import InvoiceCustomerViewAddressType0
from .invoice_line_view import InvoiceLineView
from .invoice_payment_view import InvoicePaymentView
from .invoice_seller_view import InvoiceSellerView
from .invoice_tax_view import InvoiceTaxView
from .invoice_view import InvoiceView
from .invoice_view_charges import InvoiceViewCharges
from .invoice_view_kind import InvoiceViewKind
from .invoices_view import InvoicesView
from .item_body import ItemBody
from .item_view import ItemView
from .item_view_metadata_type_0 import ItemViewMetadataType0
from .item_view_status import ItemViewStatus
from .journey_entry_view import JourneyEntryView
from .journey_entry_view_current_status import JourneyEntryViewCurrentStatus
from .journey_entry_view_details_type_0 import JourneyEntryViewDetailsType0
from .journey_view import JourneyView
from .legacy_item_status_body import LegacyItemStatusBody
from .legacy_status_body import LegacyStatusBody
from .line_body import LineBody
from .line_body_metadata import LineBodyMetadata
from .list_import_errors_format import ListImportErrorsFormat
from .list_webhook_deliveries_status import ListWebhookDeliveriesStatus
from .me import Me
from .me_kind import MeKind
from .me_role_type_1 import MeRoleType1
from .me_role_type_2_type_1 import MeRoleType2Type1
from .me_role_type_3_type_1 import MeRoleType3Type1
from .new_api_key import NewApiKey
from .new_api_key_scopes_item import NewApiKeyScopesItem
from .new_webhook import NewWebhook
from .numbered_page_view import NumberedPageView
from .order_body import OrderBody
from .order_body_address_type_0 import OrderBodyAddressType0
from .order_body_metadata_type_0 import OrderBodyMetadataType0
from .order_page_view import OrderPageView
from .order_view import OrderView
from .order_view_address_type_0 import OrderViewAddressType0
from .order_view_allowed_statuses_item import OrderViewAllowedStatusesItem
from .order_view_items_type_1 import OrderViewItemsType1
from .order_view_managed_by import OrderViewManagedBy
from .order_view_metadata_type_0 import OrderViewMetadataType0
from .order_view_payment_state import OrderViewPaymentState
from .order_view_status import OrderViewStatus
from .pagination_metadata import PaginationMetadata
from .password_body import PasswordBody
from .payment_answer import PaymentAnswer
from .payment_answer_checkout_type_0 import PaymentAnswerCheckoutType0
from .payment_answer_mode import PaymentAnswerMode
from .payment_answer_order_status import PaymentAnswerOrderStatus
from .payment_answer_payment_state import PaymentAnswerPaymentState
from .payment_answer_status import PaymentAnswerStatus
from .payment_body import PaymentBody
from .payment_body_mode import PaymentBodyMode
from .payment_end_body import PaymentEndBody
from .payment_part_body import PaymentPartBody
from .payment_part_body_payment_mode import PaymentPartBodyPaymentMode
from .payment_refund_view import PaymentRefundView
from .payment_refund_view_status import PaymentRefundViewStatus
from .payment_view import PaymentView
from .payment_view_mode import PaymentViewMode
from .payment_view_status import PaymentViewStatus
from .payments_view import PaymentsView
from .payments_view_order_status import PaymentsViewOrderStatus
from .payments_view_payment_state import PaymentsViewPaymentState
from .placed_payment_view import PlacedPaymentView
from .placed_payment_view_checkout import PlacedPaymentViewCheckout
from .placed_payment_view_mode import PlacedPaymentViewMode
from .placed_payment_view_status import PlacedPaymentViewStatus
from .placed_view import PlacedView
from .problem import Problem
from .problem_errors_item import ProblemErrorsItem
from .reason_view import ReasonView
from .receive_body import ReceiveBody
from .receive_payment_event_body import ReceivePaymentEventBody
from .received_item_body import ReceivedItemBody
from .refresh_body import RefreshBody
from .refund_answer import RefundAnswer
from .refund_answer_order_status import RefundAnswerOrderStatus
from .refund_answer_payment_state import RefundAnswerPaymentState
from .refund_answer_status import RefundAnswerStatus
from .refund_body import RefundBody
from .refund_item_body import RefundItemBody
from .refund_share_view import RefundShareView
from .refund_share_view_status import RefundShareViewStatus
from .refund_view import RefundView
from .refund_view_status import RefundViewStatus
from .refunded_item_view import RefundedItemView
from .refunds_view import RefundsView
from .refunds_view_order_status import RefundsViewOrderStatus
from .refunds_view_payment_state import RefundsViewPaymentState
from .registered import Registered
from .registration import Registration
from .replay_since import ReplaySince
from .replayed import Replayed
from .retry_body import RetryBody
from .return_answer import ReturnAnswer
from .return_answer_order_status import ReturnAnswerOrderStatus
from .return_answer_payment_state import ReturnAnswerPaymentState
from .return_answer_reason import ReturnAnswerReason
from .return_answer_resolution import ReturnAnswerResolution
from .return_answer_status import ReturnAnswerStatus
from .return_body import ReturnBody
from .return_body_reason import ReturnBodyReason
from .return_body_resolution import ReturnBodyResolution
from .return_item_body import ReturnItemBody
from .return_item_view import ReturnItemView
from .return_step_body import ReturnStepBody
from .return_view import ReturnView
from .return_view_reason import ReturnViewReason
from .return_view_resolution import ReturnViewResolution
from .return_view_status import ReturnViewStatus
from .returns_view import ReturnsView
from .returns_view_order_status import ReturnsViewOrderStatus
from .returns_view_payment_state import ReturnsViewPaymentState
from .rotation import Rotation
from .status_body import StatusBody
from .status_view import StatusView
from .tax_line_body import TaxLineBody
from .tax_line_view import TaxLineView
from .test_sent import TestSent
from .token_form import TokenForm
from .token_pair import TokenPair
from .update_body import UpdateBody
from .update_body_address_type_0 import UpdateBodyAddressType0
from .update_body_items_type_1 import UpdateBodyItemsType1
from .update_body_metadata_type_0 import UpdateBodyMetadataType0
from .user import User
from .user_change import UserChange
from .user_change_role import UserChangeRole
from .user_page import UserPage
from .user_role import UserRole
from .webhook import Webhook
from .webhook_attempt import WebhookAttempt
from .webhook_change import WebhookChange
from .webhook_change_status import WebhookChangeStatus
from .webhook_deliveries import WebhookDeliveries
from .webhook_delivery import WebhookDelivery
from .webhook_delivery_status import WebhookDeliveryStatus
from .webhook_delivery_with_attempts import WebhookDeliveryWithAttempts
from .webhook_delivery_with_attempts_status import WebhookDeliveryWithAttemptsStatus
from .webhook_disabled_reason_type_1 import WebhookDisabledReasonType1
from .webhook_disabled_reason_type_2_type_1 import WebhookDisabledReasonType2Type1
from .webhook_disabled_reason_type_3_type_1 import WebhookDisabledReasonType3Type1
from .webhook_status import WebhookStatus
from .webhook_with_secret import WebhookWithSecret
from .webhook_with_secret_disabled_reason_type_1 import (
    WebhookWithSecretDisabledReasonType1,
)
from .webhook_with_secret_disabled_reason_type_2_type_1 import (
    WebhookWithSecretDisabledReasonType2Type1,
)
from .webhook_with_secret_disabled_reason_type_3_type_1 import (
    WebhookWithSecretDisabledReasonType3Type1,
)
from .webhook_with_secret_status import WebhookWithSecretStatus
from .webhooks import Webhooks

__all__ = (
    "ApiKey",
    "ApiKeys",
    "CallbackView",
    "CallbackViewOutcome",
    "CancelBody",
    "CancelLineBody",
    "CaptureBody",
    "CreatedApiKey",
    "DocumentBody",
    "DocumentBodyItems",
    "DocumentBodyMetadataType0",
    "FirebaseBody",
    "ImportErrorsView",
    "ImportErrorView",
    "ImportOrdersBody",
    "ImportPageView",
    "ImportView",
    "ImportViewFormat",
    "ImportViewStatus",
    "InvoiceCustomerView",
    "InvoiceCustomerViewAddressType0",
    "InvoiceLineView",
    "InvoicePaymentView",
    "InvoiceSellerView",
    "InvoicesView",
    "InvoiceTaxView",
    "InvoiceView",
    "InvoiceViewCharges",
    "InvoiceViewKind",
    "ItemBody",
    "ItemView",
    "ItemViewMetadataType0",
    "ItemViewStatus",
    "JourneyEntryView",
    "JourneyEntryViewCurrentStatus",
    "JourneyEntryViewDetailsType0",
    "JourneyView",
    "LegacyItemStatusBody",
    "LegacyStatusBody",
    "LineBody",
    "LineBodyMetadata",
    "ListImportErrorsFormat",
    "ListWebhookDeliveriesStatus",
    "Me",
    "MeKind",
    "MeRoleType1",
    "MeRoleType2Type1",
    "MeRoleType3Type1",
    "NewApiKey",
    "NewApiKeyScopesItem",
    "NewWebhook",
    "NumberedPageView",
    "OrderBody",
    "OrderBodyAddressType0",
    "OrderBodyMetadataType0",
    "OrderPageView",
    "OrderView",
    "OrderViewAddressType0",
    "OrderViewAllowedStatusesItem",
    "OrderViewItemsType1",
    "OrderViewManagedBy",
    "OrderViewMetadataType0",
    "OrderViewPaymentState",
    "OrderViewStatus",
    "PaginationMetadata",
    "PasswordBody",
    "PaymentAnswer",
    "PaymentAnswerCheckoutType0",
    "PaymentAnswerMode",
    "PaymentAnswerOrderStatus",
    "PaymentAnswerPaymentState",
    "PaymentAnswerStatus",
    "PaymentBody",
    "PaymentBodyMode",
    "PaymentEndBody",
    "PaymentPartBody",
    "PaymentPartBodyPaymentMode",
    "PaymentRefundView",
    "PaymentRefundViewStatus",
    "PaymentsView",
    "PaymentsViewOrderStatus",
    "PaymentsViewPaymentState",
    "PaymentView",
    "PaymentViewMode",
    "PaymentViewStatus",
    "PlacedPaymentView",
    "PlacedPaymentViewCheckout",
    "PlacedPaymentViewMode",
    "PlacedPaymentViewStatus",
    "PlacedView",
    "Problem",
    "ProblemErrorsItem",
    "ReasonView",
    "ReceiveBody",
    "ReceivedItemBody",
    "ReceivePaymentEventBody",
    "RefreshBody",
    "RefundAnswer",
    "RefundAnswerOrderStatus",
    "RefundAnswerPaymentState",
    "RefundAnswerStatus",
    "RefundBody",
    "RefundedItemView",
    "RefundItemBody",
    "RefundShareView",
    "RefundShareViewStatus",
    "RefundsView",
    "RefundsViewOrderStatus",
    "RefundsViewPaymentState",
    "RefundView",
    "RefundViewStatus",
    "Registered",
    "Registration",
    "Replayed",
    "ReplaySince",
    "RetryBody",
    "ReturnAnswer",
    "ReturnAnswerOrderStatus",
    "ReturnAnswerPaymentState",
    "ReturnAnswerReason",
    "ReturnAnswerResolution",
    "ReturnAnswerStatus",
    "ReturnBody",
    "ReturnBodyReason",
    "ReturnBodyResolution",
    "ReturnItemBody",
    "ReturnItemView",
    "ReturnStepBody",
    "ReturnsView",
    "ReturnsViewOrderStatus",
    "ReturnsViewPaymentState",
    "ReturnView",
    "ReturnViewReason",
    "ReturnViewResolution",
    "ReturnViewStatus",
    "Rotation",
    "StatusBody",
    "StatusView",
    "TaxLineBody",
    "TaxLineView",
    "TestSent",
    "TokenForm",
    "TokenPair",
    "UpdateBody",
    "UpdateBodyAddressType0",
    "UpdateBodyItemsType1",
    "UpdateBodyMetadataType0",
    "User",
    "UserChange",
    "UserChangeRole",
    "UserPage",
    "UserRole",
    "Webhook",
    "WebhookAttempt",
    "WebhookChange",
    "WebhookChangeStatus",
    "WebhookDeliveries",
    "WebhookDelivery",
    "WebhookDeliveryStatus",
    "WebhookDeliveryWithAttempts",
    "WebhookDeliveryWithAttemptsStatus",
    "WebhookDisabledReasonType1",
    "WebhookDisabledReasonType2Type1",
    "WebhookDisabledReasonType3Type1",
    "Webhooks",
    "WebhookStatus",
    "WebhookWithSecret",
    "WebhookWithSecretDisabledReasonType1",
    "WebhookWithSecretDisabledReasonType2Type1",
    "WebhookWithSecretDisabledReasonType3Type1",
    "WebhookWithSecretStatus",
)
