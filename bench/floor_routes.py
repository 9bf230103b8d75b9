"""The floors that are routes: what the machine can do at all through Flask, with one thing done and nothing else.

Served by gunicorn with the product's settings. FLOORS_FOLDER has the product's own statements as it sends them.
"""

import itertools
import os
import threading
from pathlib import Path
from typing import Any

import jwt
import psycopg2
import redis
from flask import Flask, Response, request

from bench.product_sql import CREATE, LIST, STAND_IN

app = Flask("floors")
_folder = Path(os.environ["FLOORS_FOLDER"])
_create, _list = (_folder / CREATE).read_text(), (_folder / LIST).read_text()
_secret = os.environ["JWT_SECRET_KEY"]
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
