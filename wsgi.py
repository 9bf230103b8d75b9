"""What gunicorn and `flask` load."""

import gc
import sys

# What is being loaded stays. Looking for garbage in it, again and again, is a third of the start. Frozen, it is not
# looked at later either, and stays shared between the workers that gunicorn forks.
gc.disable()

from oms.app import create_app
from oms.errors import ConfigurationError

try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(error.detail)
gc.freeze()
gc.enable()
