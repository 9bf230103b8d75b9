import base64
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

SECRETS = os.environ["WEBHOOK_SECRETS"].split()  # two of them while one is being exchanged
SEEN = set()  # a table with a unique column, where it has to outlive the process


def is_genuine(headers, body):
    if abs(time.time() - int(headers["webhook-timestamp"])) > 300:
        return False
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    shown = [given.removeprefix("v1,") for given in headers["webhook-signature"].split() if given.startswith("v1,")]
    for secret in SECRETS:
        digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
        if any(hmac.compare_digest(base64.b64encode(digest).decode(), signature) for signature in shown):
            return True
    return False


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not is_genuine(self.headers, body):
            self.send_response(401)
        else:
            event_id, event = self.headers["webhook-id"], json.loads(body)
            if event_id not in SEEN:
                print(event["type"], event["data"].get("order_id"), flush=True)
                SEEN.add(event_id)
            self.send_response(204)
        self.end_headers()


HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Receiver).serve_forever()
