"""How much of a body is read: 1 MiB, however it is sent, but for files."""

from typing import Any

from flask import Flask, Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from oms.strict_json import MAX_BYTES


class BoundedRequest(Request):
    """A body without a declared length is cut off by werkzeug at its limit, and what is left of it looks whole."""

    most_bytes = MAX_BYTES

    def allow(self, most_bytes: int) -> None:
        """Take in as much as this instead; before anything of the body has been read."""
        self.most_bytes, self.max_content_length = most_bytes, most_bytes + 1
        # Of a field that is no file, and of what werkzeug holds of a file: the piece it reads, and the end of the last.
        self.max_form_memory_size = MAX_BYTES

    def get_data(self, *args: Any, **kwargs: Any) -> Any:
        data = super().get_data(*args, **kwargs)
        if len(data) > self.most_bytes:
            raise RequestEntityTooLarge
        return data

    def make_form_data_parser(self) -> FormDataParser:
        if (self.content_length or 0) > self.most_bytes:
            raise RequestEntityTooLarge
        return super().make_form_data_parser()


def bind_body_limit(app: Flask) -> None:
    app.request_class = BoundedRequest
    # One more than is taken, so that more can be told from just as much.
    app.config.update(MAX_CONTENT_LENGTH=MAX_BYTES + 1, MAX_FORM_MEMORY_SIZE=64 * 1024)
