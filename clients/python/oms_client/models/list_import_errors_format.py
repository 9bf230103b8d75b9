from typing import Literal

ListImportErrorsFormat = Literal["csv", "json"]

LIST_IMPORT_ERRORS_FORMAT_VALUES: set[ListImportErrorsFormat] = {
    "csv",
    "json",
}


def check_list_import_errors_format(value: str) -> ListImportErrorsFormat:
    if value in LIST_IMPORT_ERRORS_FORMAT_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {LIST_IMPORT_ERRORS_FORMAT_VALUES!r}")
