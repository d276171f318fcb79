"""Reading what a P1S says of its parts; pure."""

import re
from ipaddress import IPv4Address
from typing import Any

from pydantic import ValidationError

from edge.bambu.messages import Ams, Json, PushStatus, Upgrade
from edge.bambu.spools import read_spools
from edge.parts import AmsUnit, Card, Fans, Feed, FirmwareUpdate, Parts

NO_SLOT = 255
FAN_STEPS = 15
"""Fans are told as "0" to "15". [K]"""
_AXES = {0x1: "x", 0x2: "y", 0x4: "z"}
_CARD_NORMAL, _CARD_FAULTY = 0x100, 0x200
"""Bits of home_flag. [K STU]"""
UPDATE_OVER = frozenset({"", "IDLE", "UPGRADE_SUCCESS"})
_DBM = re.compile(r"\A(-?\d{1,3})dBm\Z")
_PERCENT = re.compile(r"\A(\d{1,3})%?\Z")


def read_parts(wire: PushStatus) -> Parts:
    """Return the parts of a merged state; what is missing or malformed is None."""
    return Parts(
        fans=Fans(
            part=_fan(wire.cooling_fan_speed),
            auxiliary=_fan(wire.big_fan1_speed),
            chamber=_fan(wire.big_fan2_speed),
            heatbreak=_fan(wire.heatbreak_fan_speed),
        ),
        card=_card(wire),
        ams=tuple(unit for entry in wire.ams.ams if (unit := _unit(entry)) is not None),
        spools=read_spools(wire),
        feed=_feed(wire),
        program_line=wire.mc_print_line_number or None,
        homed=frozenset(name for bit, name in _AXES.items() if (wire.home_flag or 0) & bit),
        wifi_dbm=_dbm(wire.wifi_signal),
        address=_address(wire.net),
        nozzle_material=wire.nozzle_type[:32] or None,
        records=_switch(wire.ipcam.get("ipcam_record")),
        records_timelapse=_switch(wire.ipcam.get("timelapse")),
        update=_update(wire.upgrade_state),
    )


def _fan(steps: int | None) -> int | None:
    if steps is None or not 0 <= steps <= FAN_STEPS:
        return None
    return round(steps * 100 / FAN_STEPS)


def _card(wire: PushStatus) -> Card:
    if wire.sdcard is False:
        return Card.MISSING
    flags = wire.home_flag or 0
    return Card.FAULTY if flags & _CARD_FAULTY and not flags & _CARD_NORMAL else Card.PRESENT


def _unit(entry: object) -> AmsUnit | None:
    try:
        wire = Ams.model_validate(entry)
    except ValidationError:
        return None
    if wire.id is None or wire.id < 0:
        return None
    # A sensor that isn't there is told as 0. [K PYB]
    level = wire.humidity if wire.humidity and 1 <= wire.humidity <= 5 else None
    return AmsUnit(index=wire.id, humidity_level=level, temperature_c=wire.temp or None)


def _feed(wire: PushStatus) -> Feed:
    sensor = wire.hw_switch_state
    return Feed(
        active_slot=_slot(wire.ams.tray_now),
        target_slot=_slot(wire.ams.tray_tar),
        is_at_extruder=None if sensor is None else sensor == 1,
    )


def _slot(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < NO_SLOT else None


def _dbm(text: str) -> int | None:
    match = _DBM.match(text)
    return int(match[1]) if match else None


def _address(net: Json) -> str | None:
    """Return the first address that isn't 0: little-endian numbers. [K PYB]"""
    interfaces = net.get("info")
    for interface in interfaces if isinstance(interfaces, list) else []:
        number = interface.get("ip") if isinstance(interface, dict) else None
        if isinstance(number, int) and 0 < number < 1 << 32:
            return str(IPv4Address(number.to_bytes(4, "little")))
    return None


def _switch(word: Any) -> bool | None:
    return {"enable": True, "disable": False}.get(word) if isinstance(word, str) else None


def _update(upgrade: Upgrade) -> FirmwareUpdate | None:
    if upgrade.status in UPDATE_OVER:
        return None
    match = _PERCENT.match(upgrade.progress)
    percent = min(int(match[1]), 100) if match else None
    return FirmwareUpdate(upgrade.module[:64], upgrade.message[:200], percent)
