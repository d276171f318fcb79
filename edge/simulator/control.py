"""The printer's screen and its misfortunes, over HTTP: never on the printer's own protocol."""

import asyncio
from dataclasses import asdict
from typing import Any

from aiohttp import web

from edge.simulator.faults import Faults
from edge.simulator.printer import SimulatedPrinter

POWER_OFF_S = 1.0
_STATE_KEYS = (
    "gcode_state",
    "mc_percent",
    "layer_num",
    "total_layer_num",
    "subtask_name",
    "subtask_id",
    "print_error",
    "stg_cur",
)


class Control:
    """The routes; `GET /` lists them."""

    def __init__(self, printer: SimulatedPrinter) -> None:
        self._printer = printer

    def app(self) -> web.Application:
        """Return the application."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/", self.index),
                web.get("/state", self.state),
                web.get("/counters", self.counters),
                web.get("/card", self.card),
                web.get("/faults", self.get_faults),
                web.post("/faults", self.set_faults),
                web.delete("/faults", self.clear_faults),
                web.post("/plate/clear", self.clear_plate),
                web.post("/screen/{button}", self.screen),
                web.post("/power/cycle", self.power_cycle),
                web.post("/card/{what}", self.move_card),
                web.post("/connections/drop", self.drop),
                web.post("/time", self.time),
            ]
        )
        return app

    async def index(self, request: web.Request) -> web.Response:
        """List the routes."""
        routes = sorted(
            f"{route.method} {route.resource.canonical}"
            for route in request.app.router.routes()
            if route.resource is not None and route.method != "HEAD"
        )
        return web.json_response({"serial": self._printer.options.serial, "routes": routes})

    async def state(self, _: web.Request) -> web.Response:
        """What the printer does and what lies on its plate."""
        machine = self._printer.machine
        return web.json_response(
            {
                **{key: machine.report[key] for key in _STATE_KEYS},
                "part_on_plate": machine.part_on_plate,
                "time_scale": self._printer.time_scale,
            }
        )

    async def counters(self, _: web.Request) -> web.Response:
        """What tests count."""
        printer, machine = self._printer, self._printer.machine
        return web.json_response(
            {
                "starts": sum(machine.starts.values()),
                "starts_by_name": machine.starts,
                "collisions": machine.collisions,
                "pushalls": printer.pushalls,
                "pushall_violations": printer.pushall_violations,
                **asdict(printer.mqtt.counters),
            }
        )

    async def card(self, _: web.Request) -> web.Response:
        """The files on the card."""
        return web.json_response(
            {"inserted": self._printer.card.is_inserted, "files": self._printer.card.files()}
        )

    async def get_faults(self, _: web.Request) -> web.Response:
        """The switches."""
        return web.json_response(self._printer.faults.as_json())

    async def set_faults(self, request: web.Request) -> web.Response:
        """Change switches: {"name": value}."""
        try:
            self._printer.faults = self._printer.faults.changed(await _body(request))
        except (ValueError, TypeError) as exc:
            raise web.HTTPBadRequest(text=str(exc)) from exc
        return web.json_response(self._printer.faults.as_json())

    async def clear_faults(self, _: web.Request) -> web.Response:
        """Make the printer healthy."""
        self._printer.faults = Faults()
        return web.json_response(self._printer.faults.as_json())

    async def clear_plate(self, request: web.Request) -> web.Response:
        """Take the part off."""
        self._printer.clear_plate()
        return await self.state(request)

    async def screen(self, request: web.Request) -> web.Response:
        """Press pause, resume or stop; or start a file: {"path": "/x.gcode.3mf"}."""
        machine = self._printer.machine
        buttons = {"pause": machine.pause, "resume": machine.resume, "stop": machine.stop}
        button = request.match_info["button"]
        if button == "start":
            body = await _body(request)
            member = str(body.get("param", "Metadata/plate_1.gcode"))
            self._printer.start_at_screen(str(body.get("path", "/")), member)
        elif button in buttons:
            buttons[button]()
        else:
            raise web.HTTPNotFound(text=f"no button {button}")
        return await self.state(request)

    async def power_cycle(self, request: web.Request) -> web.Response:
        """Switch off and on again: {"off_s": 1.0} real seconds."""
        body = await _body(request)
        await self._printer.power_cycle(float(body.get("off_s", POWER_OFF_S)))
        return await self.state(request)

    async def move_card(self, request: web.Request) -> web.Response:
        """Insert or remove the card."""
        self._printer.card.is_inserted = request.match_info["what"] == "insert"
        return await self.card(request)

    async def drop(self, request: web.Request) -> web.Response:
        """Cut every MQTT connection."""
        self._printer.mqtt.drop_clients()
        return await self.state(request)

    async def time(self, request: web.Request) -> web.Response:
        """Set the scale or jump: {"scale": 60} or {"jump_s": 600}."""
        body = await _body(request)
        if "scale" in body:
            self._printer.time_scale = max(0.01, float(body["scale"]))
        self._printer.jump(float(body.get("jump_s", 0)))
        await asyncio.sleep(0)
        return await self.state(request)


async def _body(request: web.Request) -> dict[str, Any]:
    if not request.can_read_body:
        return {}
    body = await request.json()
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="a JSON object is expected")
    return body
