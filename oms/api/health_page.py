"""`/health` as people see it: a page for whoever asks with a browser, of the same checks as the JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from flask import Blueprint, Response, request

from oms.api import access
from oms.web.rate_limits import exempt

blueprint = Blueprint("health_page", __name__)
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} - Order management</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/health/page.css">
</head>
<body>
<main>
<p class="name">Order management</p>
<h1 class="{grade}"><span aria-hidden="true">{sign}</span> {title}</h1>
<p>{sentence}</p>
<table>
<caption>Looked at {moment} UTC</caption>
<thead><tr><th scope="col">Part</th><th scope="col">State</th><th scope="col">What it means</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
<p><a href="/docs">API documentation</a> <a href="/metrics">Metrics</a></p>
</main>
</body>
</html>
"""
_ROW = """<tr><th scope="row">{part}</th><td class="{grade}"><span aria-hidden="true">{sign}</span> {state}</td>\
<td>{meaning}</td></tr>"""
_SIGNS = {"good": "\u2713", "doubtful": "!", "bad": "\u2715"}
_TITLES = {
    "healthy": ("good", "Healthy", "Everything works."),
    "degraded": ("doubtful", "Degraded", "Orders are accepted; what is named below needs somebody."),
}
_DOWN = ("bad", "Down", "The database does not answer, so most requests are refused for now.")
_PARTS = {
    "database": ("PostgreSQL", "Changes and most reads answer 503 until it is back."),
    "redis": ("Redis", "Requests are served from PostgreSQL; they take longer."),
    "kafka": ("Kafka", "Orders are accepted; their events wait and go out in order when it is back."),
    "outbox": ("Events", "The oldest has waited too long, or the broker refuses one. Look at the worker and at Kafka."),
}
_STYLE = b"""
:root { font-family: system-ui, sans-serif; line-height: 1.5; color: #1b1f24; background: #fff; }
body { margin: 0; }
main { max-width: 46rem; margin: 0 auto; padding: 1.5rem 1rem; }
.name { margin: 0; color: #57606a; }
h1 { margin: 0; }
table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
caption { text-align: left; color: #57606a; padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-top: 1px solid #d0d7de; }
a { color: #0550ae; margin-right: 1rem; }
.good { color: #116329; } .doubtful { color: #7d4e00; } .bad { color: #a40e26; }
td.good, td.doubtful, td.bad { font-weight: 600; white-space: nowrap; }
@media (prefers-color-scheme: dark) {
  :root { color: #e6edf3; background: #0d1117; }
  .name, caption { color: #9da7b3; }
  th, td { border-color: #30363d; }
  a { color: #79c0ff; }
  .good { color: #56d364; } .doubtful { color: #e3b341; } .bad { color: #ff7b72; }
}
"""


def wanted() -> bool:
    """Whether the caller would rather have a page: browsers say so, programs take whatever comes, JSON first."""
    return request.accept_mimetypes.best_match(("application/json", "text/html")) == "text/html"


def page(document: Mapping[str, Any], status: int) -> Response:
    """The page of what `/health` found."""
    grade, title, sentence = _DOWN if status == 503 else _TITLES[document["status"]]
    rows = "\n".join(_row(name, check) for name, check in document["checks"].items())
    moment = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    body = _PAGE.format(grade=grade, sign=_SIGNS[grade], title=title, sentence=sentence, moment=moment, rows=rows)
    headers = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-store", "Vary": "Accept"}
    return Response(body, status, headers, content_type="text/html; charset=utf-8")


def _row(name: str, check: Mapping[str, Any]) -> str:
    part, trouble = _PARTS[name]
    state = check["status"]
    grade = "good" if state == "ok" else "bad" if state == "down" else "doubtful"
    meaning = "" if state == "ok" else trouble
    if "pending" in check:
        numbers = (
            f"{check['pending']} waiting, the oldest for {check['lag_seconds']:.0f} s, {check['refused']} refused."
        )
        meaning = f"{numbers} {meaning}".rstrip()
    return _ROW.format(part=part, grade=grade, sign=_SIGNS[grade], state=escape(state), meaning=escape(meaning))


@blueprint.route("/health/page.css", methods=["GET"])
@access.public
@exempt
def style() -> Response:
    """How the page looks; of its own, for the page has no inline styles."""
    return Response(_STYLE, content_type="text/css; charset=utf-8", headers={"Cache-Control": "public, max-age=3600"})
