"""The nastiest bodies: what every way in, HTTP and Kafka, has to withstand."""

from collections.abc import Iterator
from typing import Any

# Bodies no route can want: name, body, status, code.
UNREADABLE: list[tuple[str, bytes, int, str]] = [
    ("empty", b"", 400, "invalid_json"),
    ("white space", b" \n", 400, "invalid_json"),
    ("not JSON", b"status=confirmed", 400, "invalid_json"),
    ("cut short", b'{"status": "confirmed"', 400, "invalid_json"),
    ("two documents", b"{}{}", 400, "invalid_json"),
    ("byte order mark", b"\xef\xbb\xbf{}", 400, "invalid_json"),
    ("UTF-16", "{}".encode("utf-16-le"), 400, "invalid_json"),
    ("not UTF-8", b'{"status": "\xff"}', 400, "invalid_json"),
    ("NaN", b'{"status": NaN}', 400, "invalid_json"),
    ("Infinity", b'{"items": [{"quantity": Infinity}]}', 400, "invalid_json"),
    ("-Infinity", b"[-Infinity]", 400, "invalid_json"),
    ("same key twice", b'{"status": "confirmed", "status": "cancelled"}', 400, "duplicate_key"),
    ("same key twice, spelt apart", b'{"items": {"a": 1, "\\u0061": 2}}', 400, "duplicate_key"),
    ("nested a hundred thousand deep", b"[" * 100_000, 400, "too_deep"),
    ("nested 40 deep", b'{"items":' * 40 + b"1" + b"}" * 40, 400, "too_deep"),
    ("1e400", b'{"items": {"a": 1e400}}', 422, "out_of_range"),
    ("1e-400", b'{"items": {"a": 1e-400}}', 422, "out_of_range"),
    ("an exponent of twenty digits", b'{"items": {"a": 1e-99999999999999999999}}', 422, "out_of_range"),
    ("a zero of a hundred million places", b'{"items": {"a": 0e-99999999}}', 422, "out_of_range"),
    ("5000 digits", b'{"items": {"a": %b}}' % (b"9" * 5000), 422, "out_of_range"),
    ("NUL", b'{"status": "con\\u0000firmed"}', 422, "invalid_characters"),
    ("lone surrogate", b'{"status": "\\ud800"}', 422, "invalid_characters"),
    ("lone surrogate in a key", b'{"items": {"\\udfff": 1}}', 422, "invalid_characters"),
    ("escape sequence", b'{"status": "\\u001b[2J"}', 422, "invalid_characters"),
    ("NUL in a key", b'{"sta\\u0000tus": 1}', 422, "invalid_characters"),
    ("half of a pair", b'{"status": "\\ud83d"}', 422, "invalid_characters"),
    ("only a comma", b"[1,]", 400, "invalid_json"),
    ("a comment", b"{/* nothing */}", 400, "invalid_json"),
    ("single quotes", b"{'status': 'confirmed'}", 400, "invalid_json"),
    ("a leading zero", b'{"status": 007}', 400, "invalid_json"),
    ("a hexadecimal number", b'{"status": 0x1F}', 400, "invalid_json"),
    ("a raw line feed in a text", b'{"status": "con\nfirmed"}', 400, "invalid_json"),
    ("a bad escape", b'{"status": "\\q"}', 400, "invalid_json"),
    ("UTF-32", "{}".encode("utf-32"), 400, "invalid_json"),
    ("overlong UTF-8", b'{"status": "\xc0\xaf"}', 400, "invalid_json"),
    ("a surrogate in UTF-8", b'{"status": "\xed\xa0\x80"}', 400, "invalid_json"),
    ("gzip", b"\x1f\x8b\x08" + bytes(20), 400, "invalid_json"),
    ("XML", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', 400, "invalid_json"),
    ("objects nested twenty thousand deep", b'{"a":' * 20_000, 400, "too_deep"),
    ("minus and 5000 digits", b"-%b" % (b"9" * 5000), 422, "out_of_range"),
    ("5000 places", b"[0.%b]" % (b"1" * 5000), 422, "out_of_range"),
    ("ten thousand values", b'{"items": [%b1]}' % (b"1," * 10_000), 422, "too_large"),
    ("a key of 257 characters", b'{"items": {"%b": 1}}' % (b"k" * 257), 422, "too_large"),
]
# Bodies that can be read and break a rule everywhere.
WRONG: list[tuple[str, Any]] = [
    ("null", None),
    ("a number", 5),
    ("a text", "confirmed"),
    ("a list", []),
    ("an unknown field", {"hack": 1}),
    ("somebody else's role", {"status": "confirmed", "role": "admin", "items": []}),
    ("true for a status", {"status": True, "items": True}),
    ("a list for a status", {"status": ["confirmed"], "items": 1}),
    ("10 kB of a status", {"status": "x" * 10_000, "items": "x" * 10_000}),
    ("SQL", {"status": "'; DROP TABLE orders; --", "items": "' OR 1=1"}),
    ("HTML", {"status": "<script>alert(1)</script>", "items": "<b>"}),
    ("a prototype", {"__proto__": {"role": "admin"}, "constructor": {"prototype": {}}}),
    ("a template", {"status": "{{7*7}}${7*7}<%= 7*7 %>%s%n", "hack": "{0.__class__}"}),
    ("a path", {"status": "../../../etc/passwd", "hack": "file:///etc/passwd"}),
    ("an operator of another database", {"status": {"$ne": None}, "$where": "sleep(1000)"}),
    ("right to left", {"status": "\u202edemrifnoc", "hack": "\u200b\ufeff"}),
    ("a number that is none", {"status": 1e30, "amount": -0.0, "hack": 5e-20}),
    ("an integer of 29 digits", {"status": 10**28, "items": 10**28}),
]
# What a value that somebody else signed, or put on a topic, is replaced by.
VALUES: list[Any] = [None, True, -1, 0, 0.5, 10**17, 10**28, "", "x" * 300, "' OR 1=1 --", "\u0001", "\ud800", [], {}]


def spoilt(document: Any) -> Iterator[Any]:
    """The document with one of its values replaced, or left out, each in turn."""
    if isinstance(document, dict):
        for name, value in document.items():
            rest = {other: document[other] for other in document if other != name}
            yield rest
            for worse in [*VALUES, *spoilt(value)]:
                yield {**document, name: worse}
    elif isinstance(document, list):
        for position, value in enumerate(document):
            for worse in [*VALUES, *spoilt(value)]:
                yield [*document[:position], worse, *document[position + 1 :]]
