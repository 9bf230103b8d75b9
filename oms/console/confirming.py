"""Are you sure? A page, or a dialog where scripts run."""

from collections.abc import Mapping

from flask import Response

from oms.console.pages import page


def confirmation(
    title: str,
    text: str,
    action: str,
    button: str,
    back: str,
    *,
    danger: bool = False,
    fields: Mapping[str, str] | None = None,
) -> Response:
    """A form that sends `fields` to `action`, and a way `back`."""
    return page(
        "confirm.html",
        title=title,
        text=text,
        action=action,
        button=button,
        back=back,
        danger=danger,
        fields=list((fields or {}).items()),
    )
