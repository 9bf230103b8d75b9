from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.me_kind import MeKind, check_me_kind
from ..models.me_role_type_1 import MeRoleType1, check_me_role_type_1
from ..models.me_role_type_2_type_1 import MeRoleType2Type1, check_me_role_type_2_type_1
from ..models.me_role_type_3_type_1 import MeRoleType3Type1, check_me_role_type_3_type_1

T = TypeVar("T", bound="Me")


@_attrs_define
class Me:
    id: str
    email: None | str
    role: MeRoleType1 | MeRoleType2Type1 | MeRoleType3Type1 | None
    roles: list[str]
    scopes: list[str]
    kind: MeKind

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        email: None | str
        email = self.email

        role: None | str
        if isinstance(self.role, str):
            role = self.role
        elif isinstance(self.role, str):
            role = self.role
        elif isinstance(self.role, str):
            role = self.role
        else:
            role = self.role

        roles = self.roles

        scopes = self.scopes

        kind: str = self.kind

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "id": id,
                "email": email,
                "role": role,
                "roles": roles,
                "scopes": scopes,
                "kind": kind,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_email(data: object) -> None | str:
            if data is None:
                return data
            return cast(None | str, data)

        email = _parse_email(d.pop("email"))

        def _parse_role(data: object) -> MeRoleType1 | MeRoleType2Type1 | MeRoleType3Type1 | None:
            if data is None:
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                role_type_1 = check_me_role_type_1(data)

                return role_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                role_type_2_type_1 = check_me_role_type_2_type_1(data)

                return role_type_2_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            try:
                if not isinstance(data, str):
                    raise TypeError()
                role_type_3_type_1 = check_me_role_type_3_type_1(data)

                return role_type_3_type_1
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(MeRoleType1 | MeRoleType2Type1 | MeRoleType3Type1 | None, data)

        role = _parse_role(d.pop("role"))

        roles = cast(list[str], d.pop("roles"))

        scopes = cast(list[str], d.pop("scopes"))

        kind = check_me_kind(d.pop("kind"))

        me = cls(
            id=id,
            email=email,
            role=role,
            roles=roles,
            scopes=scopes,
            kind=kind,
        )

        return me
