"""The printer's screen, its switch and its misfortunes, over HTTP.

On a port of its own, never on the printer's protocols. `GET /` documents every route.
"""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from edge.simulator.fates import Fates
from edge.simulator.hands import Hands
from edge.simulator.printer import SimulatedPrinter
from edge.simulator.status import Status

MAX_BODY_BYTES = 64 * 1024


def control_app(printer: SimulatedPrinter) -> web.Application:
    """Return the application."""

    async def index(request: web.Request) -> web.Response:
        """This list of routes."""
        routes = {
            f"{route.method} {_pattern(route)}": (route.handler.__doc__ or "").strip()
            for route in request.app.router.routes()
            if route.method != "HEAD"
        }
        return web.json_response({"serial": printer.options.serial, "routes": routes})

    status = Status(printer)
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_bad_input_is_400()])
    app.add_routes([web.get("/", index), *status.routes()])
    app.add_routes([*Hands(printer, status).routes(), *Fates(printer, status).routes()])
    return app


def _bad_input_is_400() -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except (ValueError, TypeError) as exc:
            raise web.HTTPBadRequest(text=str(exc)) from exc

    return middleware


def _pattern(route: web.AbstractRoute) -> str:
    return route.resource.canonical if route.resource is not None else ""
