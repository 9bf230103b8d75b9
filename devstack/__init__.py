"""The development stack: PostgreSQL, Redis and a Kafka-protocol broker from wheels, started without Docker.

`make run` starts them under a supervisor together with the processes of the Procfile; the tests start the same servers
one by one. Nothing in here is part of the product, and the product never imports it.
"""
