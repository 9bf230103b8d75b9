"""The OpenAPI 3.1 document and the blueprint class every route is declared on (flask-smorest)."""

import http
from copy import deepcopy
from typing import Any

import marshmallow as ma
from flask import Flask, Request
from flask_smorest import Api, Blueprint
from flask_smorest.utils import prepare_response
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from oms import __version__, broken_rules, fields, strict_json
from oms.api.operation_ids import name_operations
from oms.api.schemas import ItemView
from oms.errors import Invalid, OmsError
from oms.money import MAX_AMOUNT

PROBLEM = "application/problem+json"
DESCRIPTION = """Orders from the moment a customer pressed Buy until the parcel arrived and the money is settled.

Sign in with **Authorize** (an e-mail address and a password), or send `X-API-Key`. Errors are RFC 9457 problem
documents with a stable `code`. Every change may carry an `Idempotency-Key` and an `If-Match`.
"""


class Problem(ma.Schema):
    """RFC 9457, with a stable code, pointers to what is wrong, and the id to quote to support.

    Some codes bring members of their own, such as `allowed` or `retry_after`.
    """

    class Meta:
        unknown = ma.INCLUDE

    type = ma.fields.String(metadata={"example": "about:blank"})
    title = ma.fields.String()
    status = ma.fields.Integer()
    detail = ma.fields.String()
    code = ma.fields.String(metadata={"example": "not_found"})
    message = ma.fields.String(metadata={"description": "The same text as `detail`."})
    errors = ma.fields.List(ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.String()))
    request_id = ma.fields.String()


class StrictParser(FlaskParser):
    """Reads bodies with the one strict reader, and refuses query parameters nobody knows."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": ma.RAISE}

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        if getattr(schema, "body_optional", False) and not req.get_data():
            return {}
        return read_body(req)

    def load_form(self, req: Request, schema: ma.Schema) -> Any:
        if req.mimetype not in ("", "application/x-www-form-urlencoded"):
            raise UnsupportedMediaType("Send the body as application/x-www-form-urlencoded.")
        return super().load_form(req, schema)

    def handle_error(self, error: ma.ValidationError, *args: Any, **kwargs: Any) -> Any:
        raise refused(error, by_location=True)


def read_body(request: Request) -> Any:
    """The JSON body; raises `Malformed`, `Invalid` or 415."""
    if not request.is_json:
        raise UnsupportedMediaType("Send the body as application/json.")
    return strict_json.read(request.get_data())


def sent_body(request: Request) -> Any:
    """The same, or None where a body may be left out and was."""
    return read_body(request) if request.get_data() else None


def refused(error: ma.ValidationError, *, by_location: bool = False) -> OmsError:
    """Everything a schema found wrong, as one error with a pointer to each place.

    `by_location`: the messages are webargs', under the part of the request they are about.
    """
    messages: Any = error.messages
    location, found = next(iter(messages.items())) if by_location else ("json", messages)
    where = {} if location == "json" else {"in": location}
    places = [{**place, **where} for place in broken_rules.places(found)]
    return Invalid("The request breaks a rule; see errors.", code="invalid", errors=places)


class OmsBlueprint(Blueprint):
    """A blueprint whose bodies pass the strict reader, and whose problems are documented as such."""

    ARGUMENTS_PARSER = StrictParser()

    def arguments(self, schema: Any, **options: Any) -> Any:
        """One schema for all requests: the library would make one for each from a class, field by field."""
        return super().arguments(schema() if isinstance(schema, type) else schema, **options)

    def problems(self, *statuses: int) -> Any:
        """Document the refusals of a route; unlike `alt_response` it puts no call around the view."""

        def decorate(view: Any) -> Any:
            documented = deepcopy(getattr(view, "_apidoc", {}))
            responses = documented.setdefault("response", {}).setdefault("responses", {})
            for status in statuses:
                phrase = http.HTTPStatus(status).phrase
                responses[status] = [{"schema": Problem(), "description": phrase, "content_type": PROBLEM}]
            view._apidoc = documented
            return view

        return decorate


class OmsApi(Api):
    """flask-smorest's Api, documenting problems as `application/problem+json`; errors are made in error_responses."""

    ERROR_SCHEMA = Problem

    def _register_responses(self) -> None:
        for status in http.HTTPStatus:
            response: dict[str, Any] = {"description": status.phrase}
            if status >= 400:
                response["schema"] = self.ERROR_SCHEMA
            prepare_response(response, self.spec, PROBLEM)
            self.spec.components.response(status.name, response, lazy=True)
        default: dict[str, Any] = {"description": "Any other refusal", "schema": self.ERROR_SCHEMA}
        prepare_response(default, self.spec, PROBLEM)
        self.spec.components.response("DEFAULT_ERROR", default, lazy=True)

    def _register_error_handlers(self) -> None:
        return None


def bind_openapi(app: Flask) -> OmsApi:
    """Configure the document; `docs_page` serves it."""
    app.config.update(
        API_TITLE="Order management",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        API_SPEC_OPTIONS={
            "info": {"description": DESCRIPTION, "license": {"name": "MIT", "identifier": "MIT"}},
            "components": {"securitySchemes": SECURITY_SCHEMES},
        },
    )
    api = OmsApi(app)
    api.register_field(fields.Money, "number", None)
    api.register_field(fields.Quantity, "number", None)
    api.register_field(fields.Timestamp, "string", "date-time")
    api.register_field(fields.FreeForm, "object", None)
    api.ma_plugin.converter.add_attribute_function(_number_bounds)
    api.ma_plugin.converter.add_attribute_function(_characters)
    api.spec.components.schema("ItemView", schema=ItemView)  # which only one side of a `oneOf` names
    return api


def complete(api: Api) -> dict[str, Any]:
    """The document once every route is known, with the rules between fields: a schema's `json_schema`."""
    document: dict[str, Any] = api.spec.to_dict()
    for (schema, *_), name in api.ma_plugin.converter.refs.items():
        document["components"]["schemas"][name].update(getattr(schema, "json_schema", {}))
    name_operations(document)
    return document


# The end of a text in a pattern of Python's, whose $ lets a line feed follow.
_END = r"\Z"
SECURITY_SCHEMES = {
    "password": {
        "type": "oauth2",
        "description": "Sign in with an e-mail address and a password.",
        "flows": {"password": {"tokenUrl": "/auth/token", "refreshUrl": "/auth/token", "scopes": {}}},
    },
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def _number_bounds(_: Any, field: Any, **__: Any) -> dict[str, Any]:
    if not isinstance(field, fields.Money | fields.Quantity):
        return {}
    types = ["number", "string", "null"] if field.allow_none else ["number", "string"]
    kind = {"type": types, "pattern": fields.AMOUNT_PATTERN}
    if field.above is not None:
        return {**kind, "exclusiveMinimum": int(field.above), "maximum": int(field.high)}
    return {**kind, "minimum": int(field.low), "maximum": int(MAX_AMOUNT)}


def _characters(_: Any, field: Any, **__: Any) -> dict[str, Any]:
    """A text's own pattern as other languages write it, or what `strict_json` lets through."""
    if not isinstance(field, fields.Text):
        return {}
    own = [str(rule.regex.pattern) for rule in field.validators if isinstance(rule, ma.validate.Regexp)]
    if own:
        return {"pattern": f"^{own[0].removeprefix('^').removesuffix('$').removesuffix(_END)}$"}
    return {"pattern": field.metadata.get("pattern", r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$")}
