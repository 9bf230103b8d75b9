"""gunicorn: threads that wait on I/O, one pool a process, a shutdown that drains.

Threads are not killed by gunicorn's timeout; the database's statement timeout is what bounds a request, and the time
the kernel waits for the next bytes of one is what bounds a client that sends no more.
"""

import os
import shutil
import signal
import socket
import struct
import tempfile
from pathlib import Path

# Before the application is imported: the metrics library looks for its folder when it is loaded.
_metrics = Path(tempfile.gettempdir()) / f"oms-metrics-{os.getpid()}"
shutil.rmtree(_metrics, ignore_errors=True)
_metrics.mkdir(mode=0o700)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)

bind = f"{os.environ.get('BIND_ADDRESS', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104 - a container's port
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
worker_class = "oms.even_worker.EvenWorker"  # gunicorn's gthread, its connections spread over all workers
preload_app = True
timeout = 60
graceful_timeout = 25
keepalive = 30
max_requests = 100_000
max_requests_jitter = 10_000
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn's heartbeat file only
control_socket_disable = True
accesslog = None
errorlog = "-"
loglevel = "warning"
limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190
_SILENCE_SECONDS = 10
# For clients that take nothing of a long answer.
_STALL_SECONDS = 60


def on_starting(server):  # type: ignore[no-untyped-def]  # gunicorn's hook
    """An older schema stops the start, before any request can meet it."""
    from oms import schema_version
    from oms.extensions import db
    from wsgi import app

    with app.app_context():
        schema_version.refuse_older()
        db.engine.dispose()


def when_ready(server):  # type: ignore[no-untyped-def]
    """A request that stops half way ends with its connection; what is accepted inherits this from the listener."""
    for listener in server.LISTENERS:
        for option, seconds in ((socket.SO_RCVTIMEO, _SILENCE_SECONDS), (socket.SO_SNDTIMEO, _STALL_SECONDS)):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))


def post_fork(server, worker):  # type: ignore[no-untyped-def]
    """No connection crosses the fork."""
    from oms.extensions import db
    from wsgi import app

    with app.app_context():
        for engine in db.engines.values():
            engine.dispose(close=False)
    for name in ("oms_redis", "oms_queue_redis"):
        app.extensions[name].connection_pool.reset()


def post_worker_init(worker):  # type: ignore[no-untyped-def]
    """Told to stop, a worker first says so to whoever asks whether it is ready."""
    from oms.api import probes

    stop = signal.getsignal(signal.SIGTERM)

    def drain(number, frame):  # type: ignore[no-untyped-def]
        probes.draining.set()
        stop(number, frame)

    signal.signal(signal.SIGTERM, drain)

    # A worker whose master was killed leaves its loop, but gunicorn forgets to tell it that it is stopping. It would
    # keep the connections of busy callers open for the whole graceful timeout, and the port with them, which the next
    # master waits for.
    def has_parent():  # type: ignore[no-untyped-def]
        if type(worker).is_parent_alive(worker):
            return True
        drain(signal.SIGTERM, None)
        return False

    worker.is_parent_alive = has_parent


def child_exit(server, worker):  # type: ignore[no-untyped-def]
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)
    if hasattr(worker, "leave"):  # not of another class, which GUNICORN_CMD_ARGS may ask for
        worker.leave()


def on_exit(server):  # type: ignore[no-untyped-def]
    shutil.rmtree(_metrics, ignore_errors=True)
