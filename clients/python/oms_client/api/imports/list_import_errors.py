from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.import_errors_view import ImportErrorsView
from ...models.list_import_errors_format import (
    ListImportErrorsFormat,
)
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    import_id: str,
    *,
    limit: int | Unset = 100,
    cursor: str | Unset = UNSET,
    format_: ListImportErrorsFormat | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["cursor"] = cursor

    json_format_: str | Unset = UNSET
    if not isinstance(format_, Unset):
        json_format_ = format_

    params["format"] = json_format_

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/orders/imports/{import_id}/errors".format(
            import_id=quote(str(import_id), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ImportErrorsView | Problem:
    if response.status_code == 200:
        response_200 = ImportErrorsView.from_dict(response.json())

        return response_200

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 422:
        response_422 = Problem.from_dict(response.json())

        return response_422

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ImportErrorsView | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    import_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 100,
    cursor: str | Unset = UNSET,
    format_: ListImportErrorsFormat | Unset = UNSET,
) -> Response[ImportErrorsView | Problem]:
    """What was wrong with which rows, as JSON by pages or as CSV in one piece.

    Args:
        import_id (str):
        limit (int | Unset):  Default: 100.
        cursor (str | Unset):
        format_ (ListImportErrorsFormat | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ImportErrorsView | Problem]
    """

    kwargs = _get_kwargs(
        import_id=import_id,
        limit=limit,
        cursor=cursor,
        format_=format_,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    import_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 100,
    cursor: str | Unset = UNSET,
    format_: ListImportErrorsFormat | Unset = UNSET,
) -> ImportErrorsView | Problem | None:
    """What was wrong with which rows, as JSON by pages or as CSV in one piece.

    Args:
        import_id (str):
        limit (int | Unset):  Default: 100.
        cursor (str | Unset):
        format_ (ListImportErrorsFormat | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ImportErrorsView | Problem
    """

    return sync_detailed(
        import_id=import_id,
        client=client,
        limit=limit,
        cursor=cursor,
        format_=format_,
    ).parsed


async def asyncio_detailed(
    import_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 100,
    cursor: str | Unset = UNSET,
    format_: ListImportErrorsFormat | Unset = UNSET,
) -> Response[ImportErrorsView | Problem]:
    """What was wrong with which rows, as JSON by pages or as CSV in one piece.

    Args:
        import_id (str):
        limit (int | Unset):  Default: 100.
        cursor (str | Unset):
        format_ (ListImportErrorsFormat | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ImportErrorsView | Problem]
    """

    kwargs = _get_kwargs(
        import_id=import_id,
        limit=limit,
        cursor=cursor,
        format_=format_,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    import_id: str,
    *,
    client: AuthenticatedClient,
    limit: int | Unset = 100,
    cursor: str | Unset = UNSET,
    format_: ListImportErrorsFormat | Unset = UNSET,
) -> ImportErrorsView | Problem | None:
    """What was wrong with which rows, as JSON by pages or as CSV in one piece.

    Args:
        import_id (str):
        limit (int | Unset):  Default: 100.
        cursor (str | Unset):
        format_ (ListImportErrorsFormat | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ImportErrorsView | Problem
    """

    return (
        await asyncio_detailed(
            import_id=import_id,
            client=client,
            limit=limit,
            cursor=cursor,
            format_=format_,
        )
    ).parsed
