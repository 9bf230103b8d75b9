"""The job worker: `python worker.py`; `python worker.py bulk` and `python worker.py webhooks` for these queues.

One warm process: the app, its pool and its Kafka producer outlive the jobs.
"""

import gc
import sys

# As in wsgi.py: what is being loaded stays, and nobody has to look for garbage in it.
gc.disable()

import structlog
from prometheus_client import start_http_server
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from oms import schema_version
from oms.app import create_app
from oms.errors import ConfigurationError
from oms.extensions import queue_connection, settings
from oms.jobs.deliver_webhooks import courier
from oms.jobs.publish_outbox import publisher
from oms.queues import BULK_QUEUE, QUEUE, WEBHOOKS, is_ours, queue, queue_of

gc.freeze()
gc.enable()

QUEUES = {"bulk": BULK_QUEUE, "webhooks": WEBHOOKS}
_log = structlog.get_logger("oms.worker")


class OmsWorker(SimpleWorker):
    """Runs only jobs this system knows by name: whoever can write to Redis still can't call any function."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        if is_ours(job) and queue_of(str(job.func_name)) == queue.name:
            with structlog.contextvars.bound_contextvars(job=job.func_name, job_id=job.id):
                super().execute_job(job, queue)
            return
        _log.error("unknown_job_refused", job=job.id)
        self.connection.lrem(queue.intermediate_queue_key, 1, job.id)
        job.delete()


def main() -> None:
    if len(sys.argv) > 2 or not {*sys.argv[1:]} <= QUEUES.keys():
        sys.exit(f"usage: python worker.py [{'|'.join(QUEUES)}]")
    name = QUEUES[sys.argv[1]] if len(sys.argv) > 1 else QUEUE
    try:
        app = create_app()
    except ConfigurationError as error:
        sys.exit(error.detail)
    with app.app_context():
        schema_version.refuse_older()
        worker = OmsWorker(
            [queue(name)],
            connection=queue_connection(),
            serializer=JSONSerializer,
            worker_ttl=60,
            maintenance_interval=30,
            job_monitoring_interval=10,
        )
        chosen = settings()
        ports = {QUEUE: chosen.worker_metrics_port, WEBHOOKS: chosen.webhook_metrics_port}
        if port := ports.get(name):
            start_http_server(port, chosen.bind_address)
        worker.work(with_scheduler=False, logging_level="WARNING")
        courier().finish()
        publisher().discard()


if __name__ == "__main__":
    main()
