"""Control routes of what a person does at the printer: buttons, card, spool, plate, switch."""

from collections.abc import Callable

from aiohttp import web

from edge.simulator.ams import Filament
from edge.simulator.incidents import Incident, named_incidents
from edge.simulator.orders import DEFAULT_MEMBER
from edge.simulator.printer import SimulatedPrinter
from edge.simulator.status import Status, body_of


class Hands:
    """What a person can do."""

    def __init__(self, printer: SimulatedPrinter, status: Status) -> None:
        self._printer, self._status = printer, status

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.post("/plate/clear", self.clear_plate),
            web.post("/screen/start", self.screen_start),
            web.post("/screen/{button:pause|resume|stop|dismiss}", self.screen),
            web.post("/power/{move:off|on|cycle}", self.power),
            web.post("/card/{move:insert|remove}", self.move_card),
            web.post("/filament/load", self.load_filament),
            web.post("/filament/runout", self.run_out),
        ]

    async def move_card(self, request: web.Request) -> web.Response:
        """Insert or remove the card."""
        self._printer.insert_card(is_inserted=request.match_info["move"] == "insert")
        return await self._status.card(request)

    async def clear_plate(self, request: web.Request) -> web.Response:
        """Take the part off: only a person can."""
        self._printer.machine.tally.part_on_plate = False
        self._printer.touched()
        return await self._status.state(request)

    async def screen_start(self, request: web.Request) -> web.Response:
        """Start a file at the screen: {"path", "param"?, "subtask_name"?}."""
        body = await body_of(request)
        path, member = str(body.get("path", "")), str(body.get("param", DEFAULT_MEMBER))
        if not path:
            raise web.HTTPBadRequest(text='"path" names a file on the card')
        self._printer.start_at_screen(path, member, str(body.get("subtask_name", "")))
        return await self._status.state(request)

    async def screen(self, request: web.Request) -> web.Response:
        """Press a button: pause, resume, stop, or dismiss an error's dialog."""
        machine = self._printer.machine
        buttons: dict[str, Callable[[], object]] = {
            "pause": machine.pause,
            "resume": machine.resume,
            "stop": machine.stop,
            "dismiss": machine.clear_error,
        }
        buttons[request.match_info["button"]]()
        self._printer.touched()
        return await self._status.state(request)

    async def power(self, request: web.Request) -> web.Response:
        """Switch off, on, or off and on: booting takes boot_s printer seconds."""
        move = request.match_info["move"]
        if move in {"off", "cycle"}:
            self._printer.switch_off()
        if move in {"on", "cycle"}:
            self._printer.switch_on()
        return await self._status.state(request)

    async def load_filament(self, request: web.Request) -> web.Response:
        """Put a spool in: {"tray"?: 0-3, "type": "PLA", "color": "RRGGBB"}; no tray: outside."""
        body = await body_of(request)
        color = str(body.get("color", "161616")).upper().ljust(8, "F")
        filament = Filament(str(body.get("type", "PLA")), color)
        tray = body.get("tray")
        self._printer.machine.load(None if tray is None else int(tray), filament)
        self._printer.touched()
        return await self._status.report(request)

    async def run_out(self, request: web.Request) -> web.Response:
        """Let the filament run out now, or later: {"at_percent"?, "at_layer"?}."""
        body = await body_of(request)
        incident = named_incidents()["runout"].model_dump() | body
        self._printer.machine.strike(Incident.model_validate(incident))
        self._printer.touched()
        return await self._status.state(request)
