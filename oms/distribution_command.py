"""`flask oms distribute`: spread the tables over a Citus cluster."""

import click
from flask.cli import with_appcontext
from sqlalchemy import create_engine, pool, text

from oms.distribution import distribute as spread
from oms.errors import Invalid
from oms.extensions import settings


@click.command("distribute")
@click.option("--shards", type=click.IntRange(1, 4096), default=64, show_default=True, help="Pieces of each table.")
@with_appcontext
def distribute(shards: int) -> None:
    """Spread the tables over a Citus cluster, by order: once, after the migrations, with nothing running."""
    chosen = settings()
    engine = create_engine(chosen.migration_database_url or chosen.database_url, poolclass=pool.NullPool)
    try:
        with engine.begin() as connection:
            # What is there already is copied, however long that takes.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            done = spread(connection, shards)
    except Invalid as error:
        raise click.ClickException(error.detail) from error
    finally:
        engine.dispose()
    click.echo(f"distributed {', '.join(done)}; set DATABASE_DISTRIBUTED=yes" if done else "nothing to distribute")


COMMANDS = (distribute,)
