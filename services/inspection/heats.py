"""The temperatures that a program asks for."""

import re

from services.inspection.commands import BED_HEATS, FLUSH_HEAT
from services.inspection.machines import Machine

_COMMAND = re.compile(rb"^[A-Z]\d+(?:\.\d+)?")
_VALUE = re.compile(rb"(?<![A-Z.])([SRT])[ \t]*([^\sSRT]*)")
_NUMBER = re.compile(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?![\d.EX])")
"""Not the beginning of 4E2 or 0X190, which some readers take for 400."""


def heat_verdict(key: int, code: bytes, machine: Machine) -> tuple[str, str] | None:
    """Return code and sentence of what is wrong with the temperature of a command, if anything."""
    limit = machine.bed_max_c if key in BED_HEATS else machine.nozzle_max_c
    wanted = b"T" if key == FLUSH_HEAT else b"SR"
    shown = code[:32].decode(errors="replace")
    for letter, text in _VALUE.findall(_COMMAND.sub(b"", code.upper())):
        if letter not in wanted or not text:
            continue
        number = _NUMBER.match(text)
        if number is None or float(number[0]) < 0:
            return "bad_temperature", f"The program has a temperature that is none ({shown})."
        if float(number[0]) > limit:
            part = "bed" if key in BED_HEATS else "nozzle"
            return (
                f"{part}_too_hot",
                (
                    f"The program heats the {part} above the {limit:g} °C of a {machine.name} "
                    f"({shown}). Choose another filament setting and slice again."
                ),
            )
    return None
