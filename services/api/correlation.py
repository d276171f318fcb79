"""What a request was about: in its answer's header, in the log, and in the trace."""

from typing import Final
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from contracts.headers import CORRELATION_ID, TRACEPARENT
from runtime.tracing.steps import StepKind, note_about, step

log = structlog.get_logger()

MAX_NAMED: Final = 16
"""A decision about a hundred jobs does not grow its answer's headers without end."""
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Correlated:
    """ASGI middleware: names in each answer what the request was about.

    That is the correlation id of each event that it told, the first MAX_NAMED of them; an id of
    its own where it told none. A request that may change something leaves a line in the log, and
    is a step of a trace.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method, own = scope["method"], uuid4()
        status = 0
        with step(method, kind=StepKind.SERVER, own=own) as this:

            async def send_named(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                    named = ", ".join(str(known) for known in this.ids[:MAX_NAMED])
                    MutableHeaders(scope=message)[CORRELATION_ID] = named
                await send(message)

            await self._app(scope, receive, send_named)
            if method in _READS:
                return
            note_about(this.ids[0])
            # The path's template: a trace is looked for by what was asked, not by an id in it.
            this.name = f"{method} {getattr(scope.get('route'), 'path', '')}".rstrip()
            this.attributes |= {
                "http.request.method": method,
                "http.response.status_code": str(status),
                "url.path": scope["path"],
            }
            caller = Headers(scope=scope).get(TRACEPARENT)
            if caller is not None:
                this.attributes[f"http.request.header.{TRACEPARENT}"] = caller
            log.info("request_answered", method=method, path=scope["path"], status=status)
