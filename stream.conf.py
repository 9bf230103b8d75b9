"""gunicorn for live updates: as for web, with a thread for every connection that may be, and some for those that may
not, who are told so."""

import os
import runpy

_as_for_web = runpy.run_path("gunicorn.conf.py")
globals().update({name: value for name, value in _as_for_web.items() if not name.startswith("__")})

bind = f"{os.environ.get('BIND_ADDRESS', '0.0.0.0')}:{os.environ.get('STREAM_PORT', '8001')}"  # noqa: S104
workers = 1
threads = int(os.environ.get("STREAM_CONNECTIONS", "200")) + 8
worker_connections = threads + 100
max_requests = 0
