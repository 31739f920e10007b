"""`python -m app COMMAND`: Rialto's commands, as `flask --app wsgi COMMAND` has them."""

from __future__ import annotations

import sys

from flask.cli import FlaskGroup

from app import create_app
from app.settings.settings import SettingsError


def main() -> None:
    """Runs the command. Mistakes in the settings are told in words."""
    try:
        # .env is read by the settings; Flask's own reader would change values with a ${ in them.
        FlaskGroup(create_app=create_app, add_default_commands=False, load_dotenv=False).main(prog_name="rialto")
    except SettingsError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
