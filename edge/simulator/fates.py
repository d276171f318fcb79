"""Control routes of what happens to a printer: faults, incidents, time, modes, cut connections."""

from typing import Any

from aiohttp import web

from edge.simulator.incidents import Incident, named_incidents
from edge.simulator.printer import SimulatedPrinter
from edge.simulator.scenarios import Scenario, scenarios
from edge.simulator.status import Status, body_of


def apply_scenario(printer: SimulatedPrinter, scenario: Scenario) -> None:
    """Make the printer what the scenario says."""
    printer.board.change(dict(scenario.switches))
    for incident in scenario.incidents:
        printer.machine.strike(incident)
    printer.touched()


class Fates:
    """What can befall a printer."""

    def __init__(self, printer: SimulatedPrinter, status: Status) -> None:
        self._printer, self._status = printer, status

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/faults", self.set_faults),
            web.delete("/faults", self.reset_faults),
            web.post("/scenarios/{name}", self.scenario),
            web.post("/incidents", self.strike),
            web.delete("/incidents", self.forget_incidents),
            web.post("/mode", self.mode),
            web.post("/connections/drop", self.drop),
            web.post("/wifi/{move:off|on}", self.wifi),
            web.post("/time", self.time),
        ]

    async def set_faults(self, request: web.Request) -> web.Response:
        """Set switches: {"name": value, …}."""
        self._printer.board.change(await body_of(request))
        self._printer.touched()
        return await self._status.faults(request)

    async def reset_faults(self, request: web.Request) -> web.Response:
        """Set every switch back to what it was at the start."""
        self._printer.board.reset()
        self._printer.touched()
        return await self._status.faults(request)

    async def scenario(self, request: web.Request) -> web.Response:
        """Apply a named scenario."""
        known = scenarios().get(request.match_info["name"])
        if known is None:
            raise web.HTTPNotFound(text="no such scenario; GET /scenarios lists them")
        apply_scenario(self._printer, known)
        return await self._status.faults(request)

    async def strike(self, request: web.Request) -> web.Response:
        """Let something happen: {"name": …} or its fields; at_percent, at_layer or at once."""
        body = await body_of(request)
        name = body.pop("name", None)
        base: dict[str, Any] = {}
        if name is not None:
            if name not in named_incidents():
                raise web.HTTPNotFound(text="no such incident; GET /incidents lists them")
            base = named_incidents()[name].model_dump()
        self._printer.machine.strike(Incident.model_validate(base | body))
        self._printer.touched()
        return await self._status.state(request)

    async def forget_incidents(self, request: web.Request) -> web.Response:
        """Let nothing that waits happen."""
        self._printer.machine.incidents.clear()
        return await self._status.incidents(request)

    async def mode(self, request: web.Request) -> web.Response:
        """Toggle {"mode": "cloud"|"lan"|"lan+developer"}: sessions end, the code changes."""
        self._printer.set_mode(str((await body_of(request)).get("mode")))
        return await self._status.state(request)

    async def drop(self, request: web.Request) -> web.Response:
        """Cut every MQTT, FTPS and camera connection."""
        self._printer.mqtt.drop_clients()
        self._printer.ftps.drop_sessions()
        self._printer.camera.drop_viewers()
        return await self._status.state(request)

    async def wifi(self, request: web.Request) -> web.Response:
        """Lose the Wi-Fi, or have it back: the print goes on, and no connection is told."""
        if request.match_info["move"] == "off":
            self._printer.lose_wifi()
        else:
            await self._printer.regain_wifi()
        return await self._status.state(request)

    async def time(self, request: web.Request) -> web.Response:
        """Run faster or slower, or jump: {"scale": 60} or {"jump_s": 600} printer seconds."""
        body = await body_of(request)
        if "scale" in body:
            self._printer.clock.set_scale(float(body["scale"]))
        self._printer.clock.jump(float(body.get("jump_s", 0)))
        self._printer.touched()
        return await self._status.state(request)
