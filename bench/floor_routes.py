"""The floors that are routes: what the machine can do at all through Flask, with one thing done and nothing else.

Served by gunicorn with the product's settings. FLOORS_FOLDER has the product's own statements as it sends them.
"""

import itertools
import json
import os
import threading
from decimal import Decimal
from pathlib import Path
from typing import Any

import jwt
import orjson
import psycopg2
import redis
from flask import Flask, Response, request
from marshmallow import Schema, fields, validate

from bench.product_sql import CREATE, LIST, STAND_IN


class _LineBody(Schema):
    sku = fields.String(required=True, validate=validate.Length(1, 100))
    quantity = fields.Decimal(required=True, validate=validate.Range(0))
    unit_price = fields.Decimal(required=True, validate=validate.Range(0))
    sale_price = fields.Decimal(validate=validate.Range(0))


class _OrderBody(Schema):
    order_id = fields.String(validate=validate.Length(1, 50))
    order_datetime = fields.DateTime()
    eta = fields.DateTime()
    customer_id = fields.String(validate=validate.Length(1, 50))
    facility_id = fields.String(validate=validate.Length(1, 50))
    status = fields.String(validate=validate.Length(1, 30))
    total_amount = fields.Decimal(validate=validate.Range(0))
    items = fields.List(fields.Nested(_LineBody), required=True, validate=validate.Length(1, 1000))


app = Flask("floors")
_folder = Path(os.environ["FLOORS_FOLDER"])
_create, _list = (_folder / CREATE).read_text(), (_folder / LIST).read_text()
_secret = os.environ["JWT_SECRET_KEY"]
_body = _OrderBody()
_redis = redis.Redis.from_url(os.environ["REDIS_URL"])
_numbers = itertools.count()
_of_thread = threading.local()


@app.get("/health/ready")
def ready() -> str:
    return "ready"


@app.get("/token-and-cache/<key>")
def token_and_cache(key: str) -> Response:
    """Floor F: a JWT verified, one GET in Redis."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    jwt.decode(token, _secret, algorithms=["HS256"], audience="oms")
    return _json(_redis.get(f"order:{key}"))


@app.post("/create")
def create() -> Response:
    """Floor S: the one statement that writes an order with lines, journey and events; it commits itself."""
    order_id = f"{os.getpid()}-{next(_numbers):08d}"
    with _connection("FLOORS_DATABASE_URL").cursor() as cursor:
        cursor.execute(_create.replace(STAND_IN, order_id))
    return Response(status=201)


@app.post("/create-by-libraries")
def create_by_libraries() -> Response:
    """Floor P: the same, after a JWT was verified, the caller counted in Redis and the body loaded by marshmallow, and
    with an answer that Redis keeps: what PyJWT, redis-py, marshmallow and psycopg2 take for that."""
    token = request.headers["Authorization"].removeprefix("Bearer ")
    jwt.decode(token, _secret, algorithms=["HS256"], audience="oms")
    _redis.incr("floor:calls")
    body = _body.load(json.loads(request.get_data(), parse_float=Decimal))
    order_id = f"{os.getpid()}-{next(_numbers):08d}"
    with _connection("FLOORS_DATABASE_URL").cursor() as cursor:
        cursor.execute(_create.replace(STAND_IN, order_id))
    answer = orjson.dumps(body, default=str)
    _redis.set(f"floor:{order_id}", answer, ex=300)
    return Response(answer, 201, content_type="application/json")


@app.get("/list")
def list_orders() -> Response:
    """Floor L: the one query of the list, and one MGET for the bodies of what it found."""
    with _connection("DATABASE_URL").cursor() as cursor:
        cursor.execute(_list)
        bodies: Any = _redis.mget([f"order:{order_id}" for order_id, *_ in cursor.fetchall()])
    return _json(b",".join(body for body in bodies if body))


def _json(body: Any) -> Response:
    return Response(body, content_type="application/json")


def _connection(variable: str) -> Any:
    found = getattr(_of_thread, variable, None)
    if found is None:
        found = psycopg2.connect(os.environ[variable])
        found.autocommit = True
        setattr(_of_thread, variable, found)
    return found
