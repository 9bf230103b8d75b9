import json
import os
from decimal import Decimal

from confluent_kafka import Consumer

options = {"group.id": "my-service", "auto.offset.reset": "earliest", "enable.auto.commit": False}
consumer = Consumer({"bootstrap.servers": os.environ["KAFKA_BOOTSTRAP_SERVERS"], **options})
consumer.subscribe(["order-events"])
while True:
    message = consumer.poll(1.0)
    if message is not None and message.error() is None:
        headers = {name: value.decode() for name, value in message.headers()}
        event = json.loads(message.value(), parse_float=Decimal)
        print(headers["ce_sequence"], headers["ce_type"], event["order_id"], event["status"], flush=True)
        consumer.commit(message, asynchronous=False)
