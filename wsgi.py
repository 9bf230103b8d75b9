"""What gunicorn and `flask` load."""

import sys

from oms.app import create_app
from oms.errors import ConfigurationError

try:
    app = create_app()
except ConfigurationError as error:
    sys.exit(error.detail)
