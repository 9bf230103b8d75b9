"""Working off imports, a chunk and a transaction at a time: for the job, and for the command line."""

import structlog

from oms.bulk import working
from oms.bulk.working import OvertakenError, Progress
from oms.errors import Conflict, Unavailable
from oms.transactions import read, transaction

_log = structlog.get_logger(__name__)


def any_chunk() -> Progress | None:
    """Do a chunk of the import that has waited longest; None when there is none that could be done now."""
    for import_id in read(working.candidates):
        if progress := next_chunk(import_id):
            return progress
    return None


def next_chunk(import_id: str) -> Progress | None:
    """Do the next chunk of an import; None when there is none that could be done now.

    Raises `Unavailable`. Whatever else goes wrong is kept with the import, which fails when it goes wrong each time.
    """
    try:
        return transaction(lambda session: working.work(session, import_id))
    except Unavailable:
        raise
    except (Conflict, OvertakenError) as error:  # an id that was taken meanwhile: the next attempt knows
        _log.info("import_overtaken", import_id=import_id, reason=error.code)
    except Exception as error:  # a mistake of ours, or the database's last word
        _log.exception("import_stumbled", import_id=import_id)
        reason = f"{type(error).__name__}: {error}"[:500]
        transaction(lambda session: working.stumble(session, import_id, reason))
    return None
