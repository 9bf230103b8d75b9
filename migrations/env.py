"""How migrations run: one release at a time, never waiting long for a lock that live traffic holds.

Each migration is a transaction of its own. Three releases at once: one runs, the others wait for the advisory lock
and then find nothing to do.
"""

import click
from alembic import context
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection

from oms.extensions import db, settings

LOCK = 4_071_523_977
LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "15min"


def url() -> str:
    chosen = settings()
    return chosen.migration_database_url or chosen.database_url


def told(ctx, step, heads, run_args):  # type: ignore[no-untyped-def]  # alembic's callback
    """One line a migration, for whoever watches the release."""
    direction = "upgraded" if step.is_upgrade else "downgraded"
    ids = ", ".join(revision.revision for revision in step.up_revisions)
    docs = "; ".join((revision.doc or "").strip() for revision in step.up_revisions)
    click.echo(f"{direction} {ids}: {docs}")


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        transaction_per_migration=True,
        compare_type=True,
        on_version_apply=told,
        process_revision_directives=nothing_if_empty,
        include_object=is_not_a_partition(connection),
    )
    before = context.get_context().get_current_heads()
    with context.begin_transaction():
        context.run_migrations()
    if asked_to_move() and context.get_context().get_current_heads() == before:
        click.echo(f"nothing to do: the schema is at {', '.join(before) or 'its beginning'}")


def is_not_a_partition(connection: Connection):  # type: ignore[no-untyped-def]  # alembic's callback
    """Partitions come and go with the time; the models know the tables they are of."""
    query = text("SELECT relname FROM pg_class WHERE relispartition")

    def include(_, name, kind, reflected, __):  # type: ignore[no-untyped-def]
        return not (reflected and kind == "table" and name in set(connection.execute(query).scalars()))

    return include


def asked_to_move() -> bool:
    """Whether this is an upgrade or a downgrade, not a look (`check`, `current`, `revision`)."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


def nothing_if_empty(ctx, revision, directives):  # type: ignore[no-untyped-def]  # alembic's callback
    if getattr(context.config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []
        click.echo("no change in the models")


def refuse_pooler(connection: Connection) -> None:
    """In transaction mode a pooler would hand what is set here, and the lock, to whoever comes next.

    A server names the process that serves the connection; a pooler names one that does not exist.
    """
    named = connection.connection.dbapi_connection.info.backend_pid
    if connection.execute(text("SELECT pg_backend_pid()")).scalar() != named:
        raise click.ClickException(
            "there is a pooler between here and PostgreSQL; set MIGRATION_DATABASE_URL to PostgreSQL itself"
        )


def run_online() -> None:
    engine = create_engine(url(), poolclass=pool.NullPool, connect_args={"connect_timeout": 10})
    with engine.connect() as guard, engine.connect() as connection:
        refuse_pooler(guard)
        # The role may have limits for the sake of a pooler; here somebody waits as long as it takes.
        for limit in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
            guard.execute(text(f"SET {limit} = 0"))
        # Held by a connection of its own: a migration that commits or fails must not let the next release in early.
        guard.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
        connection.execute(text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
        connection.commit()
        run(connection)
    engine.dispose()


if context.is_offline_mode():
    context.configure(url=url(), target_metadata=db.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    run_online()
