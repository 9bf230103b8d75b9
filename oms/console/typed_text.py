"""Text that PostgreSQL can't keep is refused at the door, whatever field it is typed into."""

from flask import request

from oms.console.blueprint import blueprint
from oms.errors import Invalid


@blueprint.before_request
def _refuse_what_is_no_text() -> None:
    typed = (*request.args.items(multi=True), *request.form.items(multi=True))
    if any("\x00" in text for pair in typed for text in pair):
        raise Invalid("A field holds a character that is no text.", code="invalid_characters")
