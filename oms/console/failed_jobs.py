"""Jobs that have failed: why, and trying them again."""

from collections.abc import Callable

import redis
from flask import Response, request, url_for
from rq.job import Job
from werkzeug.wrappers import Response as AnyResponse

from oms import failed_jobs as jobs
from oms import queues
from oms.console import access, messages
from oms.console.blueprint import blueprint
from oms.console.pages import go_to, page
from oms.errors import Unavailable
from oms.transactions import transaction

PAGE = 50
MOST_SKIPPED = 1_000_000
AWAY = "Redis can't be reached at the moment, and so no jobs can be seen or tried again."


@blueprint.route("/failed-jobs", methods=["GET"])
@access.staff
def failed_jobs() -> Response:
    """The latest first."""
    skipped = min(max(0, request.args.get("skipped", 0, type=int)), MOST_SKIPPED)
    try:
        found, depth = jobs.listed(PAGE + 1, skipped), queues.depth()
    except redis.RedisError as error:
        raise Unavailable(AWAY) from error
    older = url_for("console.failed_jobs", skipped=skipped + PAGE) if len(found) > PAGE else None
    return page("failed_jobs.html", jobs=found[:PAGE], depth=depth, older=older, first_page=not skipped)


@blueprint.route("/failed-jobs/retry", methods=["POST"])
@access.staff
def retry_all_jobs() -> AnyResponse:
    """All that are ours."""
    done, _ = _retry(jobs.ours)
    messages.say(f"{done} {'job' if done == 1 else 'jobs'} put back into the queue.")
    return go_to("console.failed_jobs")


@blueprint.route("/failed-jobs/<job_id>/retry", methods=["POST"])
@access.staff
def retry_job(job_id: str) -> AnyResponse:
    """One; if somebody else is quicker, it is in the queue as well."""
    _, (job,) = _retry(lambda: [jobs.one(job_id)])
    messages.say(f"{str(job.func_name).rpartition('.')[2]} is put back into the queue.")
    return go_to("console.failed_jobs")


def _retry(find: Callable[[], list[Job]]) -> tuple[int, list[Job]]:
    """What was found, and how many of it were put back."""
    try:
        found = find()
        transaction(lambda session: jobs.note(session, access.actor(), found))
        return jobs.put_back(found), found
    except redis.RedisError as error:
        raise Unavailable(AWAY) from error
