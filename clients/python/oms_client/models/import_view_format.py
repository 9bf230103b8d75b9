from typing import Literal

ImportViewFormat = Literal["csv", "ndjson"]

IMPORT_VIEW_FORMAT_VALUES: set[ImportViewFormat] = {
    "csv",
    "ndjson",
}


def check_import_view_format(value: str) -> ImportViewFormat:
    if value in IMPORT_VIEW_FORMAT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {IMPORT_VIEW_FORMAT_VALUES!r}")
