"""the journey by months and the outbox by days, so that what is past its time is dropped and not deleted

The table that is there becomes the first partition as it is: no row is moved or looked at, so it takes moments however
large it is. An empty one is left out. The clock creates further partitions; rows for which there is none go into `_rest`.
The way back copies the rows into plain tables, and takes its time.

Revision ID: 0008
Revises: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JOURNEY_KEY = "order_id, seq"
OUTBOX_KEY = "order_id, version, position"
FOREIGN_KEY = "ALTER TABLE order_journey ADD CONSTRAINT fk_order_journey_order_id FOREIGN KEY (order_id) REFERENCES orders"
OUTBOX_INDEXES = {
    "ix_outbox_events_pending": "(shard, retry_at) WHERE published_at IS NULL",
    "ix_outbox_events_created": "(created_at)",
}
# In scans of these tables little is ever dead, and much is new.
STORAGE = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_insert_scale_factor = 0.05"


def upgrade() -> None:
    for name in OUTBOX_INDEXES:
        op.execute(f"ALTER INDEX {name} RENAME TO {name}_before")
    _divide("order_journey", JOURNEY_KEY)
    op.execute(FOREIGN_KEY)
    _divide("outbox_events", OUTBOX_KEY)
    for name, on in OUTBOX_INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON outbox_events {on}")
    _attach("order_journey", "month", 2)
    _attach("outbox_events", "day", 3)


def _divide(table: str, key: str) -> None:
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_before")
    op.execute(f"ALTER TABLE {table}_before DROP CONSTRAINT pk_{table}")
    op.execute(f"ALTER TABLE {table}_before ADD PRIMARY KEY USING INDEX pk_{table}_before")
    op.execute(f"""
        CREATE TABLE {table} (LIKE {table}_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
        PARTITION BY RANGE (created_at)
    """)
    op.execute(f"ALTER TABLE {table} DROP CONSTRAINT ck_{table}_until")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key}, created_at)")


def _attach(table: str, unit: str, ahead: int) -> None:
    """Where there are rows, their table ends where its check says; where there are none, partitions begin today."""
    op.execute(f"CREATE TABLE {table}_rest PARTITION OF {table} DEFAULT WITH ({STORAGE})")
    pattern = "%Y_%m_%d" if unit == "day" else "%Y_%m"
    name_of = pattern.replace("%Y", "YYYY").replace("%m", "MM").replace("%d", "DD")
    op.execute(f"""
        DO $$ DECLARE
            since timestamptz := date_trunc('{unit}', now(), 'UTC');
            until timestamptz;
        BEGIN
            IF EXISTS (SELECT 1 FROM {table}_before) THEN
                SELECT substring(pg_get_constraintdef(oid) FROM '''(.+)''') INTO since FROM pg_constraint
                WHERE conname = 'ck_{table}_until';
                EXECUTE format(
                    'ALTER TABLE {table} ATTACH PARTITION {table}_before FOR VALUES FROM (MINVALUE) TO (%L)', since);
                ALTER TABLE {table}_before DROP CONSTRAINT ck_{table}_until;
                ALTER TABLE {table}_before SET ({STORAGE});
            ELSE
                DROP TABLE {table}_before;
            END IF;
            FOR step IN 0..{ahead} LOOP
                until := date_trunc('{unit}', since + interval '1 {unit}' + interval '1 hour', 'UTC');
                EXECUTE format(
                    'CREATE TABLE {table}_%s PARTITION OF {table} FOR VALUES FROM (%L) TO (%L) WITH ({STORAGE})',
                    to_char(since AT TIME ZONE 'UTC', '{name_of}'), since, until);
                since := until;
            END LOOP;
        END $$
    """)


def downgrade() -> None:
    _gather("order_journey", JOURNEY_KEY, "month")
    op.execute(FOREIGN_KEY)
    _gather("outbox_events", OUTBOX_KEY, "day")
    for name, on in OUTBOX_INDEXES.items():
        op.execute(f"CREATE INDEX {name} ON outbox_events {on}")


def _gather(table: str, key: str, unit: str) -> None:
    """One table again, with what 0006 had added to it."""
    op.execute(f"ALTER TABLE {table} RENAME TO {table}_divided")
    op.execute(f"CREATE TABLE {table} (LIKE {table}_divided INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
    op.execute(f"INSERT INTO {table} SELECT * FROM {table}_divided")
    op.execute(f"DROP TABLE {table}_divided")
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
    op.execute(f"CREATE UNIQUE INDEX pk_{table}_before ON {table} ({key}, created_at)")
    op.execute(f"""
        DO $$ BEGIN EXECUTE format(
            'ALTER TABLE {table} ADD CONSTRAINT ck_{table}_until CHECK (created_at < %L) NOT VALID',
            date_trunc('{unit}', now(), 'UTC') + interval '2 {unit}s'
        ); END $$
    """)
