"""How migrations run: one release at a time, never waiting long for a lock that live traffic holds.

Each migration is a transaction of its own. Three releases at once: one runs, the others wait for the advisory lock
and then find nothing to do.
"""

import click
from alembic import context
from flask import current_app
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection

from oms.extensions import db

LOCK = 4_071_523_977
LOCK_TIMEOUT = "4s"
STATEMENT_TIMEOUT = "15min"


def url() -> str:
    return str(current_app.config["SQLALCHEMY_DATABASE_URI"])


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
    )
    before = context.get_context().get_current_heads()
    with context.begin_transaction():
        context.run_migrations()
    if asked_to_move() and context.get_context().get_current_heads() == before:
        click.echo(f"nothing to do: the schema is at {', '.join(before) or 'its beginning'}")


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


def run_online() -> None:
    engine = create_engine(url(), poolclass=pool.NullPool, connect_args={"connect_timeout": 10})
    with engine.connect() as guard, engine.connect() as connection:
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
