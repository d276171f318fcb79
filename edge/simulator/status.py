"""Control routes that only look: state, counters, card, switches."""

from typing import Any

from aiohttp import web

from edge.simulator.incidents import named_incidents
from edge.simulator.printer import SimulatedPrinter
from edge.simulator.scenarios import scenarios
from edge.simulator.switches import Switches

Json = dict[str, Any]
_STATE_KEYS = (
    "gcode_state",
    "mc_percent",
    "mc_remaining_time",
    "layer_num",
    "total_layer_num",
    "stg_cur",
    "print_error",
    "hms",
    "subtask_name",
    "subtask_id",
    "task_id",
    "gcode_file",
    "sdcard",
)


class Status:
    """What can be read of a printer."""

    def __init__(self, printer: SimulatedPrinter) -> None:
        self._printer = printer

    def routes(self) -> list[web.RouteDef]:
        """Return the routes."""
        return [
            web.get("/state", self.state),
            web.get("/report", self.report),
            web.get("/counters", self.counters),
            web.get("/card", self.card),
            web.get("/faults", self.faults),
            web.get("/faults/schema", self.faults_schema),
            web.get("/incidents", self.incidents),
            web.get("/scenarios", self.scenarios),
        ]

    async def state(self, _: web.Request) -> web.Response:
        """What the printer does, whose job it is, and what lies on its plate."""
        printer, machine = self._printer, self._printer.machine
        return web.json_response(
            {
                **{key: printer.report.get(key) for key in _STATE_KEYS},
                "part_on_plate": machine.tally.part_on_plate,
                "power": printer.power.value,
                "wifi": "on" if printer.has_wifi else "off",
                "mode": printer.board.now.mode,
                "access_code": printer.credentials.access_code,
                "time_scale": printer.clock.scale,
                "printer_s": round(printer.clock.now_s(), 3),
            }
        )

    async def report(self, _: web.Request) -> web.Response:
        """The full report as it would be sent now."""
        return web.json_response(self._printer.report)

    async def counters(self, _: web.Request) -> web.Response:
        """What tests count: starts, collisions, full reports asked for, connections, offences."""
        printer, counters = self._printer, self._printer.counters
        tally = printer.machine.tally
        return web.json_response(
            {
                "starts": sum(tally.starts.values()),
                "starts_by_name": tally.starts,
                "collisions": tally.collisions,
                "pushalls": printer.pushalls,
                "pushall_violations": printer.pushall_violations,
                "connections": counters.connections,
                "clients": printer.mqtt.client_count,
                "refused_logins": counters.refused_logins,
                "qos1_publishes": counters.qos1_publishes,
                "duplicates": counters.duplicates,
                "protocol_violations": sum(counters.violations.values()),
                "protocol_violations_by_kind": counters.violations,
                "uploads": printer.ftps.upload_count(),
                "pictures_sent": printer.camera.pictures_sent,
            }
        )

    async def card(self, _: web.Request) -> web.Response:
        """The files on the card with their sizes."""
        card = self._printer.card
        return web.json_response({"inserted": card.is_inserted, "files": card.files()})

    async def incidents(self, _: web.Request) -> web.Response:
        """The named incidents, and those that wait for their percent or layer."""
        return web.json_response(
            {
                "known": {name: item.model_dump() for name, item in named_incidents().items()},
                "waiting": [item.model_dump() for item in self._printer.machine.incidents],
            }
        )

    async def scenarios(self, _: web.Request) -> web.Response:
        """The named scenarios."""
        return web.json_response({name: item.about for name, item in scenarios().items()})

    async def faults(self, _: web.Request) -> web.Response:
        """Every switch: quirks of the firmware, and faults."""
        return web.json_response(self._printer.board.now.model_dump(mode="json"))

    async def faults_schema(self, _: web.Request) -> web.Response:
        """The switches' types, meanings and evidence, as JSON schema."""
        return web.json_response(Switches.model_json_schema())


async def body_of(request: web.Request) -> Json:
    """Return the JSON object of a request, empty if it has none; raise HTTPBadRequest."""
    if not request.can_read_body:
        return {}
    body = await request.json()
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="a JSON object is expected")
    return body
