"""What the printer finds in a file on its card: the plate's program and its marks. Pure."""

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_M73_P = re.compile(rb"M73 P(\d+)(?: R(\d+))?")
_M991 = re.compile(rb"M991 S0 P(-?\d+)")
_TOTAL_LAYERS = re.compile(rb"; total layer number:\s*(\d+)")
_PREDICTION = re.compile(r'key="prediction"\s+value="(\d+)"')
_MODEL = re.compile(r'key="printer_model_id"\s+value="([^"]*)"')
_NOZZLE = re.compile(r'key="nozzle_diameters"\s+value="([^"]*)"')
DEFAULT_PREDICTION_S = 600.0
MODELS = frozenset({"", "C12", "C11", "BL-P001", "BL-P002"})


class Unprintable(Exception):
    """The firmware gives up on the file with this print_error."""

    def __init__(self, print_error: int) -> None:
        super().__init__(f"{print_error:08X}")
        self.print_error = print_error


CANT_PARSE = 0x05004003
STORAGE = 0x0500C010
OTHER_MODEL = 0x05004037
OTHER_NOZZLE = 0x05004038


@dataclass(frozen=True)
class Mark:
    """At `at_s` seconds of printing the display shows this percent and layer."""

    at_s: float
    percent: int
    layer: int


@dataclass(frozen=True)
class Program:
    """A plate that can be printed."""

    marks: tuple[Mark, ...]
    total_layers: int
    duration_s: float


def read_program(path: Path, member: str) -> Program:
    """Return the program of one plate; raise Unprintable as the firmware would."""
    if not path.is_file():
        raise Unprintable(STORAGE)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if member not in names:
                raise Unprintable(CANT_PARSE)
            info = _slice_info(archive, names)
            with archive.open(member) as stream:
                found, total = _scan(stream)
    except zipfile.BadZipFile:
        raise Unprintable(CANT_PARSE) from None
    _must_suit(info)
    duration = float(match[1]) if (match := _PREDICTION.search(info)) else DEFAULT_PREDICTION_S
    return Program(_timed(found, duration), total, duration)


def _slice_info(archive: zipfile.ZipFile, names: set[str]) -> str:
    if "Metadata/slice_info.config" not in names:
        return ""
    return archive.read("Metadata/slice_info.config").decode(errors="replace")


def _must_suit(info: str) -> None:
    if (match := _MODEL.search(info)) and match[1] not in MODELS:
        raise Unprintable(OTHER_MODEL)
    if (match := _NOZZLE.search(info)) and match[1] not in {"", "0.4"}:
        raise Unprintable(OTHER_NOZZLE)


def _scan(stream: IO[bytes]) -> tuple[list[tuple[str, int]], int]:
    """Return (kind, value) of each mark in file order, and the number of layers."""
    marks: list[tuple[str, int]] = []
    total = 0
    for line in stream:
        if match := _M73_P.match(line):
            marks.append(("percent", int(match[1])))
        elif match := _M991.match(line):
            marks.append(("layer", int(match[1]) + 1))
        elif match := _TOTAL_LAYERS.match(line):
            total = int(match[1])
    layers = [value for kind, value in marks if kind == "layer"]
    return marks, total or max(layers, default=0)


def _timed(found: list[tuple[str, int]], duration_s: float) -> tuple[Mark, ...]:
    """Give each mark a time: a percent its share of the duration, layers evenly between."""
    marks: list[Mark] = []
    percent, layer, since_s = 0, 0, 0.0
    pending: list[int] = []
    for kind, value in [*found, ("percent", 100)]:
        if kind == "layer":
            pending.append(value)
            continue
        until_s = max(duration_s * min(value, 100) / 100, since_s)
        for number, reached in enumerate(pending, 1):
            layer = reached
            at_s = since_s + (until_s - since_s) * number / (len(pending) + 1)
            marks.append(Mark(at_s, percent, layer))
        pending = []
        percent, since_s = max(percent, min(value, 100)), until_s
        marks.append(Mark(until_s, percent, layer))
    return tuple(marks)
