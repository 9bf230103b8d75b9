"""What gunicorn loads for live updates: the application, with a hub that streams."""

from oms.api import probes
from oms.live.answer import bind_hub
from oms.live.hub import Hub
from wsgi import app

bind_hub(app, Hub(app, probes.draining))
