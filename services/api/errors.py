"""Errors as problem+json: what can go wrong, and which status says so."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import asyncpg
import nats.errors
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.auth.origins import ip_of
from services.api.jobs.schemas import Job
from services.api.printers.schemas import Printer
from services.api.problems import PROBLEM_MEDIA_TYPE, Problem
from services.db.engine import CONNECTION_BROKEN
from services.jobs.errors import Conflict, Malformed, NotAllowed, Unknown, WorkError
from services.storage.bucket import StorageUnavailable

log = structlog.get_logger()

RETRY_AFTER_S = 2
_TRANSIENT_SQLSTATES = ("08", "40001", "40P01", "53", "55P03", "57", "58")
"""Connection lost, also while it was made; serialisation failure, deadlock, no resources, lock
time-out, shutting down, system error."""

DATABASE_AWAY = (SQLAlchemyError, asyncpg.PostgresError, *CONNECTION_BROKEN, OSError)
"""What a read that is known to be sound can end with; TimeoutError is an OSError."""

_STATUS_OF: Mapping[type[WorkError], int] = {
    Unknown: 404,
    NotAllowed: 403,
    Conflict: 409,
    Malformed: 422,
}
_REFUSALS = {401, 403, 429}
_TITLES = {
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Too large",
    422: "Malformed",
    429: "Too many requests",
    500: "Internal error",
    503: "Temporarily unavailable",
}
_FALLBACK_DETAILS = {
    404: "There is nothing here. Check the address.",
    405: "This address does not take this method.",
}


class ApiError(Exception):
    """An answer other than the one that was wished for."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        job: Job | None = None,
        printer: Printer | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.job, self.printer = job, printer


class NotSignedIn(ApiError):
    """There is no session, or it is over."""

    def __init__(self) -> None:
        super().__init__(401, "not-signed-in", "Sign in, then try again.")


def problem_response(error: ApiError, headers: Mapping[str, str] | None = None) -> Response:
    """Return the error as problem+json."""
    problem = Problem(
        type=f"/problems/{error.code}",
        title=_TITLES.get(error.status, "Error"),
        status=error.status,
        detail=error.detail,
        job=error.job,
        printer=error.printer,
    )
    return Response(
        problem.model_dump_json(),
        status_code=error.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers=headers,
    )


def note_refusal(request: Request, error: ApiError) -> None:
    """Write down who was not let do what; the query stays out, for it may hold what is secret."""
    if error.status in _REFUSALS:
        log.info(
            "request_refused",
            method=request.method,
            path=request.url.path,
            status=error.status,
            code=error.code,
            ip=ip_of(request),
            user_id=getattr(request.state, "user_id", None),
        )


def unavailable(what: str) -> Response:
    """Return 503 with Retry-After: nothing was changed, the same request may be sent again."""
    detail = f"The {what} does not answer right now. Nothing was changed; try again in a moment."
    error = ApiError(503, f"{what}-unavailable", detail)
    return problem_response(error, {"Retry-After": str(RETRY_AFTER_S)})


class CatchAll:
    """ASGI middleware: answers what nobody expected from within, so that the answer is guarded too.

    The framework's own place for it lies outside of all middleware.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def noting_send(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting_send)
        except Exception as exc:
            if scope["type"] != "http" or has_begun:
                raise
            answer = await _unexpected(Request(scope), exc)
            await answer(scope, receive, send)


def install_error_handlers(app: FastAPI) -> None:
    """Have every error answered as problem+json; call it before other middleware is added."""
    app.add_middleware(CatchAll)
    handlers: dict[type[Exception], Callable[[Request, Any], Any]] = {
        ApiError: _api_error,
        WorkError: _work_error,
        HTTPException: _http_error,
        RequestValidationError: _invalid,
        SQLAlchemyError: _database_error,
        asyncpg.PostgresError: _database_error,
        **dict.fromkeys(CONNECTION_BROKEN, _database_error),
        StorageUnavailable: _storage_away,
        nats.errors.Error: _broker_away,
        TimeoutError: _database_error,
        OSError: _database_error,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def is_database_away(exc: BaseException) -> bool:
    """Tell whether the error says that the database can't be reached, not that a query is bad."""
    if isinstance(exc, (OSError, TimeoutError, PoolTimeoutError, *CONNECTION_BROKEN)):
        return True
    if isinstance(exc, DBAPIError):
        if isinstance(exc, OperationalError | InterfaceError) or exc.connection_invalidated:
            return True
        if isinstance(getattr(exc.orig, "__cause__", None), CONNECTION_BROKEN):
            return True
        return str(getattr(exc.orig, "sqlstate", "") or "").startswith(_TRANSIENT_SQLSTATES)
    if isinstance(exc, asyncpg.PostgresError):
        is_link = isinstance(exc, asyncpg.PostgresConnectionError)
        return is_link or str(exc.sqlstate or "").startswith(_TRANSIENT_SQLSTATES)
    return False


async def _api_error(request: Request, exc: ApiError) -> Response:
    note_refusal(request, exc)
    return problem_response(exc)


async def _work_error(request: Request, exc: WorkError) -> Response:
    error = ApiError(_STATUS_OF[type(exc)], exc.code, exc.detail)
    note_refusal(request, error)
    return problem_response(error)


async def _http_error(request: Request, exc: HTTPException) -> Response:
    if exc.status_code == HTTPStatus.BAD_REQUEST:
        # The framework's word for a body that can't be read at all.
        return problem_response(ApiError(422, "malformed", "The body is no JSON. Correct it."))
    detail = _FALLBACK_DETAILS.get(exc.status_code, str(exc.detail))
    title = _TITLES.get(exc.status_code, "error").lower().replace(" ", "-")
    error = ApiError(exc.status_code, title, detail)
    note_refusal(request, error)
    return problem_response(error, exc.headers)


async def _invalid(_: Request, exc: RequestValidationError) -> Response:
    first = exc.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
    detail = f"Correct {where}: {first['msg']}."
    return problem_response(ApiError(422, "malformed", detail))


async def _database_error(request: Request, exc: Exception) -> Response:
    if is_database_away(exc):
        log.warning("database_away", error=f"{type(exc).__name__}: {exc}"[:300])
        return unavailable("database")
    return await _unexpected(request, exc)


async def _storage_away(_: Request, exc: StorageUnavailable) -> Response:
    log.warning("storage_away", error=str(exc))
    return unavailable("storage")


async def _broker_away(_: Request, exc: nats.errors.Error) -> Response:
    log.warning("broker_away", error=f"{type(exc).__name__}: {exc}")
    return unavailable("broker")


async def _unexpected(request: Request, exc: Exception) -> Response:
    log.error("request_failed", path=request.url.path, exc_info=exc)
    detail = "Something went wrong on our side. Try again; if it stays, tell an admin."
    return problem_response(ApiError(500, "internal", detail))
