"""The pages of whoever runs the system, and of admins."""

from oms.console import (
    api_keys,
    audit_log,
    dashboard,
    dead_letters,
    failed_jobs,
    people,
    stuck_orders,
    typed_text,
    webhook_deliveries,
    webhooks,
)

PAGES = (
    typed_text,
    dashboard,
    stuck_orders,
    dead_letters,
    failed_jobs,
    webhooks,
    webhook_deliveries,
    people,
    api_keys,
    audit_log,
)
