from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.import_view_format import ImportViewFormat, check_import_view_format
from ..models.import_view_status import ImportViewStatus, check_import_view_status
from ..types import UNSET, Unset

T = TypeVar("T", bound="ImportView")


@_attrs_define
class ImportView:
    import_id: str | Unset = UNSET
    status: ImportViewStatus | Unset = UNSET
    dry_run: bool | Unset = UNSET
    format_: ImportViewFormat | Unset = UNSET
    file_name: None | str | Unset = UNSET
    total: int | Unset = UNSET
    done: int | Unset = UNSET
    succeeded: int | Unset = UNSET
    failed: int | Unset = UNSET
    error: None | str | Unset = UNSET
    """ What went wrong on our side. """
    created_by: str | Unset = UNSET
    created_at: datetime.datetime | Unset = UNSET
    worked_at: datetime.datetime | Unset = UNSET
    finished_at: datetime.datetime | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        import_id = self.import_id

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status

        dry_run = self.dry_run

        format_: str | Unset = UNSET
        if not isinstance(self.format_, Unset):
            format_ = self.format_

        file_name: None | str | Unset
        if isinstance(self.file_name, Unset):
            file_name = UNSET
        else:
            file_name = self.file_name

        total = self.total

        done = self.done

        succeeded = self.succeeded

        failed = self.failed

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        created_by = self.created_by

        created_at: str | Unset = UNSET
        if not isinstance(self.created_at, Unset):
            created_at = self.created_at.isoformat()

        worked_at: str | Unset = UNSET
        if not isinstance(self.worked_at, Unset):
            worked_at = self.worked_at.isoformat()

        finished_at: None | str | Unset
        if isinstance(self.finished_at, Unset):
            finished_at = UNSET
        elif isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if import_id is not UNSET:
            field_dict["import_id"] = import_id
        if status is not UNSET:
            field_dict["status"] = status
        if dry_run is not UNSET:
            field_dict["dry_run"] = dry_run
        if format_ is not UNSET:
            field_dict["format"] = format_
        if file_name is not UNSET:
            field_dict["file_name"] = file_name
        if total is not UNSET:
            field_dict["total"] = total
        if done is not UNSET:
            field_dict["done"] = done
        if succeeded is not UNSET:
            field_dict["succeeded"] = succeeded
        if failed is not UNSET:
            field_dict["failed"] = failed
        if error is not UNSET:
            field_dict["error"] = error
        if created_by is not UNSET:
            field_dict["created_by"] = created_by
        if created_at is not UNSET:
            field_dict["created_at"] = created_at
        if worked_at is not UNSET:
            field_dict["worked_at"] = worked_at
        if finished_at is not UNSET:
            field_dict["finished_at"] = finished_at

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        import_id = d.pop("import_id", UNSET)

        _status = d.pop("status", UNSET)
        status: ImportViewStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = check_import_view_status(_status)

        dry_run = d.pop("dry_run", UNSET)

        _format_ = d.pop("format", UNSET)
        format_: ImportViewFormat | Unset
        if isinstance(_format_, Unset):
            format_ = UNSET
        else:
            format_ = check_import_view_format(_format_)

        def _parse_file_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        file_name = _parse_file_name(d.pop("file_name", UNSET))

        total = d.pop("total", UNSET)

        done = d.pop("done", UNSET)

        succeeded = d.pop("succeeded", UNSET)

        failed = d.pop("failed", UNSET)

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        created_by = d.pop("created_by", UNSET)

        _created_at = d.pop("created_at", UNSET)
        created_at: datetime.datetime | Unset
        if isinstance(_created_at, Unset):
            created_at = UNSET
        else:
            created_at = datetime.datetime.fromisoformat(_created_at)

        _worked_at = d.pop("worked_at", UNSET)
        worked_at: datetime.datetime | Unset
        if isinstance(_worked_at, Unset):
            worked_at = UNSET
        else:
            worked_at = datetime.datetime.fromisoformat(_worked_at)

        def _parse_finished_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        finished_at = _parse_finished_at(d.pop("finished_at", UNSET))

        import_view = cls(
            import_id=import_id,
            status=status,
            dry_run=dry_run,
            format_=format_,
            file_name=file_name,
            total=total,
            done=done,
            succeeded=succeeded,
            failed=failed,
            error=error,
            created_by=created_by,
            created_at=created_at,
            worked_at=worked_at,
            finished_at=finished_at,
        )

        return import_view
