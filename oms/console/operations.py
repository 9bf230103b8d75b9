"""The pages of whoever runs the system."""

from oms.console import api_keys, audit_log, dashboard, dead_letters, failed_jobs, people, stuck_orders, typed_text

PAGES = (typed_text, dashboard, stuck_orders, dead_letters, failed_jobs, people, api_keys, audit_log)
