"""How the tables are spread over a Citus cluster: those of an order together, by its id.

`tests/structure/test_distribution.py` holds every table to the rules that make this possible.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from oms.errors import Invalid

# Table by what it is distributed by. The tables of an order lie where the order lies.
BY_ORDER = (
    "orders",
    "order_items",
    "order_journey",
    "order_processing",
    "outbox_events",
    "payments",
    "refunds",
    "return_requests",
    "return_items",
)
BY_THEMSELVES = {"idempotency_keys": "caller", "inbox_events": "event_id"}
# A copy on every node.
REFERENCE = ("users", "api_keys", "token_families", "saved_filters")
# Left on the coordinator: books without gaps and never changed, and what is rarely written.
LOCAL = (
    "invoices",
    "invoice_series",
    "dead_letters",
    "payment_events",
    "audit_entries",
    "hourly_figures",
    "order_imports",
    "order_import_chunks",
    "order_import_errors",
    "webhook_endpoints",
    "webhook_messages",
    "webhook_deliveries",
    "webhook_attempts",
)

_THERE = text("SELECT to_regproc('create_distributed_table') IS NOT NULL")
_DONE = text("SELECT CAST(table_name AS text) FROM citus_tables")
# Those of partitions come and go with their parent's.
_FOREIGN_KEYS = text("""
    SELECT CAST(conrelid AS regclass) AS held_by, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
    FROM pg_constraint
    WHERE contype = 'f' AND conparentid = 0 AND conrelid = ANY(CAST(CAST(:tables AS text[]) AS regclass[]))
    ORDER BY conname
""")


def distribute(connection: Connection, shards: int) -> list[str]:
    """Spread what is not spread yet, and return those tables; everything in the transaction of `connection`.

    Citus takes no table that has foreign keys already: they are dropped before and added after. Raises `Invalid` where
    there is no Citus.
    """
    if not connection.execute(_THERE).scalar():
        raise Invalid("This PostgreSQL has no Citus: CREATE EXTENSION citus")
    done = set(connection.execute(_DONE).scalars())
    wanted = [table for table in (*REFERENCE, *BY_ORDER, *BY_THEMSELVES) if table not in done]
    # Tables that refer to one another are then copied one after the other over one connection to each node.
    connection.execute(text("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"))
    keys = connection.execute(_FOREIGN_KEYS, {"tables": wanted}).all()
    for key in keys:
        connection.execute(text(f"ALTER TABLE {key.held_by} DROP CONSTRAINT {key.name}"))
    for statement in _statements(wanted, shards):
        connection.execute(text(statement))
    for key in keys:
        connection.execute(text(f"ALTER TABLE {key.held_by} ADD CONSTRAINT {key.name} {key.definition}"))
    return wanted


def _statements(wanted: list[str], shards: int) -> Iterator[str]:
    """Reference tables first, then `orders`, which the others lie beside."""
    alone = f"colocate_with => 'none', shard_count => {shards}"
    for table in wanted:
        if table in REFERENCE:
            yield f"SELECT create_reference_table('{table}')"
        elif table in BY_THEMSELVES:
            yield f"SELECT create_distributed_table('{table}', '{BY_THEMSELVES[table]}', {alone})"
        else:
            where = alone if table == BY_ORDER[0] else f"colocate_with => '{BY_ORDER[0]}'"
            yield f"SELECT create_distributed_table('{table}', 'order_id', {where})"
