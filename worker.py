"""The job worker: `python worker.py`. One warm process: the app, its pool and its Kafka producer outlive the jobs."""

import sys
from typing import Any

import structlog
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from oms import schema_version
from oms.app import create_app
from oms.errors import ConfigurationError
from oms.extensions import queue_connection
from oms.jobs.publish_outbox import publisher
from oms.queues import JOBS, queue

_log = structlog.get_logger("oms.worker")


class OmsWorker(SimpleWorker):
    """Runs only jobs this system knows by name: whoever can write to Redis still can't call any function."""

    def perform_job(self, job: Job, *args: Any, **kwargs: Any) -> bool:
        if job.func_name not in JOBS:
            _log.error("unknown_job_refused", job=job.func_name)
            job.delete()
            return False
        return bool(super().perform_job(job, *args, **kwargs))


def main() -> None:
    try:
        app = create_app()
    except ConfigurationError as error:
        sys.exit(error.detail)
    with app.app_context():
        schema_version.refuse_older()
        worker = OmsWorker(
            [queue()],
            connection=queue_connection(),
            serializer=JSONSerializer,
            worker_ttl=60,
            maintenance_interval=30,
            job_monitoring_interval=10,
        )
        worker.work(with_scheduler=False, logging_level="WARNING")
        publisher().discard()


if __name__ == "__main__":
    main()
