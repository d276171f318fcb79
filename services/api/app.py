"""The composition: settings in, an ASGI application out; nothing is connected before it starts."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from fastapi import FastAPI
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.clock import Clock, SystemClock
from runtime.health import cached
from runtime.tasks import Tasks
from services.api.auth.providers import make_oauth
from services.api.correlation import Correlated
from services.api.errors import install_error_handlers
from services.api.feed.hub import FeedHub
from services.api.feed.telemetry import Telemetry
from services.api.guard import Guard
from services.api.idempotency import sweep_keys
from services.api.nodes.limits import Knocking
from services.api.openapi import TITLE, VERSION
from services.api.rates import Rates
from services.api.routes import add_routes
from services.api.settings import ApiSettings
from services.api.slicers.receiving import Receiving
from services.api.state import Services, State
from services.api.static import WebApp
from services.db.database import open_database
from services.db.engine import make_engine, make_sessions
from services.storage.bucket import open_bucket

SIGNIN_MAX_AGE_S: Final = 600
"""A sign-in that takes longer starts again."""

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[State]]


class SignInCookie:
    """Keeps state, nonce and verifier of a sign-in in a signed cookie, on its routes alone."""

    def __init__(self, app: ASGIApp, settings: ApiSettings) -> None:
        self._app = app
        self._with_cookie = SessionMiddleware(
            app,
            secret_key=settings.session_secret.get_secret_value(),
            session_cookie=f"{'__Host-' if settings.is_https else ''}layerline-signin",
            max_age=SIGNIN_MAX_AGE_S,
            same_site="lax",
            https_only=settings.is_https,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_signin = scope["type"] == "http" and scope["path"].startswith("/api/auth/")
        await (self._with_cookie if is_signin else self._app)(scope, receive, send)


def create_app(
    settings: ApiSettings,
    *,
    stopping: asyncio.Event | None = None,
    clock: Clock | None = None,
) -> FastAPI:
    """Return the application; `stopping` ends the live feeds before the server waits for them."""
    web = WebApp(settings)
    app = FastAPI(
        title=TITLE,
        version=VERSION,
        lifespan=_lifespan(settings, stopping, clock or SystemClock(), web.build_id),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    install_error_handlers(app)
    add_routes(app)
    app.router.default = web
    app.add_middleware(SignInCookie, settings=settings)
    app.add_middleware(Guard, settings=settings)
    app.add_middleware(Correlated)
    return app


def _lifespan(
    settings: ApiSettings, stopping: asyncio.Event | None, clock: Clock, build_id: str
) -> Lifespan:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        engine = make_engine(settings)
        reads = engine.execution_options(isolation_level="AUTOCOMMIT")
        feed = FeedHub(settings, reads, clock)
        telemetry = Telemetry(settings, feed, clock)
        sessions = make_sessions(engine)
        try:
            async with (
                open_bucket(settings) as bucket,
                open_database(settings) as database,
                Tasks() as tasks,
            ):
                for work in (
                    feed.run(),
                    telemetry.run(),
                    sweep_keys(sessions, clock),
                    _close_when(stopping or asyncio.Event(), feed),
                ):
                    tasks.create_task(work)
                services = Services(
                    settings=settings,
                    clock=clock,
                    reads=reads,
                    database=database,
                    sessions=sessions,
                    bucket=bucket,
                    storage_check=cached(bucket.check),
                    oauth=make_oauth(settings),
                    feed=feed,
                    telemetry=telemetry,
                    build_id=build_id,
                    knocking=Knocking(),
                    rates=Rates(settings),
                    receiving=Receiving(),
                )
                yield {"services": services}
                feed.close()
                await tasks.end()
        finally:
            await engine.dispose()

    return lifespan


async def _close_when(stopping: asyncio.Event, feed: FeedHub) -> None:
    await stopping.wait()
    feed.close()
