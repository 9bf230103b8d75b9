"""`/openapi.json`, and Swagger UI at `/docs` from local files with its Authorize button wired to the password form."""

from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, send_from_directory
from flask_smorest import Api

from oms import strict_json
from oms.api import access, openapi
from oms.web.rate_limits import exempt

blueprint = Blueprint("docs", __name__)
_ASSETS = Path(__file__).parent / "swagger_ui"
_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Order management API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


@blueprint.route("/docs", methods=["GET"])
@access.public
@exempt
def page() -> Response:
    """The interactive documentation."""
    return Response(_PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": _POLICY})


@blueprint.route("/docs/assets/<path:name>", methods=["GET"])
@access.public
@exempt
def asset(name: str) -> Response:
    """Swagger UI's own files."""
    return send_from_directory(_ASSETS, name, max_age=3600)


@blueprint.route("/openapi.json", methods=["GET"])
@access.public
@exempt
def document() -> Response:
    """The OpenAPI 3.1 document."""
    return Response(current_app.extensions["oms_openapi"], content_type="application/json")


def bind_docs(app: Flask, api: Api) -> None:
    """Freeze the document once every route is known."""
    app.register_blueprint(blueprint)
    app.extensions["oms_openapi"] = strict_json.write(openapi.complete(api))
