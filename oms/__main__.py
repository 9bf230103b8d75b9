"""`python -m oms` is `flask oms`."""

import sys

from flask.cli import FlaskGroup

from oms.app import create_app


def main() -> None:
    cli = FlaskGroup(create_app=create_app, load_dotenv=False)
    cli.main(args=["oms", *sys.argv[1:]], prog_name="python -m oms")


if __name__ == "__main__":
    main()
