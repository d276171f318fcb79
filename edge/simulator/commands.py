"""What the printer does with each request, and what it answers. Pure."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge.simulator.ams import (
    EXTERNAL,
    NONE_LOADED,
    ams_block,
    filament_setting,
    user_setting,
)
from edge.simulator.gcode import changes_by
from edge.simulator.machine import Machine
from edge.simulator.orders import JobOrder, order_of
from edge.simulator.switches import Switches
from edge.simulator.versions import version_modules

REFUSED_CODE = 84033543
REFUSED_REASON = "mqtt message verify failed"
REFUSED_HMS = {"attr": 0x05000500, "code": 0x00010007}
GCODE_LINE_LIMIT_BYTES = 1800
"""[K1] ADR2, BBR: longer ones are cut or refused."""
SPEEDS = {"1": 50, "2": 100, "3": 124, "4": 166}
LED_FIELDS = ("led_node", "led_mode", "led_on_time", "led_off_time", "loop_times", "interval_time")
SUCCESS, FAIL = {"result": "success", "reason": "success"}, {"result": "fail", "reason": "fail"}

Body = dict[str, Any]


@dataclass
class Credentials:
    """Who may come in; the code changes with the mode."""

    serial: str
    access_code: str


@dataclass(frozen=True)
class Answer:
    """What a request leads to."""

    echo: Body | None = None
    order: JobOrder | None = None
    wants_full_report: bool = False
    resumes_stream: bool = False


def parse_requests(payload: bytes) -> list[tuple[str, Body]]:
    """Return each (type, body) with a command in it; all else is ignored. [S]

    Control characters may stand in texts: bambu-connect sends line ends as they are.
    """
    try:
        message = json.loads(payload.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError):
        return []
    if not isinstance(message, dict):
        return []
    return [
        (kind, body)
        for kind, body in message.items()
        if isinstance(body, dict) and isinstance(body.get("command"), str)
    ]


class CommandDesk:
    """Takes requests to the machine."""

    def __init__(
        self, credentials: Credentials, machine: Machine, switches: Callable[[], Switches]
    ) -> None:
        self._credentials, self._machine, self._switches = credentials, machine, switches
        self._actions: dict[str, Callable[[Body], Body | None]] = {
            "print.pause": lambda _: _result(machine.pause()),
            "print.resume": lambda _: _result(machine.resume()),
            "print.stop": lambda _: _result(machine.stop()),
            "print.print_speed": self._set_speed,
            "print.gcode_line": self._gcode_line,
            "print.gcode_file": lambda _: SUCCESS,  # acknowledged and inert. [K] OBA#38
            "print.clean_print_error": self._clear_error,
            "print.skip_objects": self._skip_objects,
            "print.ams_control": self._ams_control,
            "print.ams_change_filament": self._change_filament,
            "print.unload_filament": lambda _: self._change_filament({"target": 255}),
            "print.ams_filament_setting": self._set_filament,
            "print.ams_user_setting": self._set_ams,
            "print.ams_get_rfid": lambda _: SUCCESS,
            "print.calibration": lambda _: SUCCESS,
            "print.print_option": self._set_option,
            "system.ledctrl": self._light,
            "system.uiop": self._clear_error,
            "system.get_access_code": lambda _: {
                **SUCCESS,
                "access_code": credentials.access_code,
            },
            "info.get_version": lambda _: self._version(),
            "camera.ipcam_record_set": lambda body: self._camera("ipcam_record", body),
            "camera.ipcam_timelapse": lambda body: self._camera("timelapse", body),
        }

    def answer(self, kind: str, body: Body) -> Answer:
        """Act on one request; an unknown one is ignored without an echo. [S]"""
        command = str(body["command"])
        if kind == "pushing":
            is_all = command == "pushall"
            return Answer(wants_full_report=is_all, resumes_stream=command == "start")
        switches = self._switches()
        if switches.half_dead and kind != "info":
            return Answer()
        if switches.refuses_control and self._is_control(kind, command):
            return Answer(echo={kind: self._refusal(body)})
        if (kind, command) == ("print", "project_file"):
            return self._project_file(body)
        act = self._actions.get(f"{kind}.{command}")
        unknown = SUCCESS if switches.echoes_unknown_commands and kind == "print" else None
        outcome = act(body) if act else unknown
        return Answer() if outcome is None else Answer(echo={kind: {**body, **outcome}})

    def _is_control(self, kind: str, command: str) -> bool:
        if command == "ledctrl":
            return self._switches().light_needs_developer_mode
        return kind in {"print", "xcam", "upgrade"} or command == "uiop"

    def _refusal(self, body: Body) -> Body:
        """Authorization Control says no. [K] BBR, OBA, BDY#2732"""
        switches = self._switches()
        hms = self._machine.report["hms"]
        if switches.refusal_shows_hms and REFUSED_HMS not in hms:
            self._machine.report["hms"] = [*hms, dict(REFUSED_HMS)]
        bare: Body = {key: body[key] for key in ("command", "sequence_id") if key in body}
        if not switches.refusal_has_result:
            return bare
        return {**body, "result": "failed", "reason": REFUSED_REASON, "err_code": REFUSED_CODE}

    def _project_file(self, body: Body) -> Answer:
        switches = self._switches()
        if self._machine.is_busy and switches.busy_start == "echo_fail":
            return Answer(echo={"print": {**body, **FAIL}})
        order = order_of(body, mnt_works=switches.mnt_sdcard_url_works, id_limit=switches.id_limit)
        return Answer(echo={"print": {**body, **SUCCESS}}, order=order)

    def _version(self) -> Body:
        modules = version_modules(
            self._credentials.serial,
            self._switches().firmware,
            has_ams=self._machine.content.has_ams,
        )
        return {"module": modules, "result": "success", "reason": ""}

    def _set_speed(self, body: Body) -> Body:
        level = str(body.get("param"))
        if level not in SPEEDS or not self._machine.is_busy:
            return FAIL
        self._machine.report.update(spd_lvl=int(level), spd_mag=SPEEDS[level])
        return SUCCESS

    def _gcode_line(self, body: Body) -> Body:
        line = str(body.get("param", ""))
        if not line.endswith("\n") or len(line.encode()) > GCODE_LINE_LIMIT_BYTES:
            return {"result": "FAIL", "reason": "FAIL", "err_code": 1}
        self._machine.report.update(changes_by(line))
        return {"result": "SUCCESS", "reason": "SUCCESS", "err_code": 0}

    def _clear_error(self, _: Body) -> Body:
        self._machine.clear_error()
        return SUCCESS

    def _skip_objects(self, body: Body) -> Body:
        wanted, report = body.get("obj_list"), self._machine.report
        if report["gcode_state"] not in {"RUNNING", "PAUSE"} or not isinstance(wanted, list):
            return FAIL
        report["s_obj"] = [*report["s_obj"], *(x for x in wanted if x not in report["s_obj"])]
        return SUCCESS

    def _change_filament(self, body: Body) -> Body:
        target, machine = body.get("target"), self._machine
        if machine.report["gcode_state"] == "RUNNING" or not isinstance(target, int):
            return FAIL
        has_tray = machine.content.holds(target) or str(target) in {EXTERNAL, NONE_LOADED}
        if not has_tray:
            return FAIL
        machine.report["ams"] = ams_block(machine.content, tray_now=str(target))
        return SUCCESS

    def _set_filament(self, body: Body) -> Body:
        content = filament_setting(self._machine.content, body)
        if content is None:
            return FAIL
        self._machine.show_content(content)
        return SUCCESS

    def _set_ams(self, body: Body) -> Body:
        self._machine.show_content(user_setting(self._machine.content, body))
        return SUCCESS

    def _ams_control(self, body: Body) -> Body:
        """`resume` is the button of a print that waits for filament. [S]"""
        if body.get("param") == "resume":
            self._machine.resume()
        return SUCCESS

    def _set_option(self, body: Body) -> Body:
        recovers = body.get("auto_recovery")
        if isinstance(recovers, bool):
            self._machine.recovers_power_loss = recovers
        return SUCCESS

    def _light(self, body: Body) -> Body:
        """All timing fields are needed. [K]"""
        mode = body.get("led_mode")
        if any(key not in body for key in LED_FIELDS) or mode not in ("on", "off", "flashing"):
            return FAIL
        node = str(body["led_node"])
        self._machine.report["lights_report"] = [{"node": node, "mode": mode}]
        return SUCCESS

    def _camera(self, key: str, body: Body) -> Body:
        self._machine.report["ipcam"][key] = str(body.get("control", "enable"))
        return SUCCESS


def _result(is_done: bool) -> Body:
    return SUCCESS if is_done else FAIL
