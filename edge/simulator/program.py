"""What the printer finds in a file on its card: the plate's program and its marks. Pure."""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from edge.simulator.switches import CANT_PARSE

STORAGE_ERROR = 0x0500C010
OTHER_MODEL = 0x05004037
OTHER_NOZZLE = 0x05004038
DEFAULT_DURATION_S = 600.0
DEFAULT_NOZZLE_C, DEFAULT_BED_C = 220.0, 65.0
HASH_CHUNK_BYTES = 1 << 20

_PERCENT = re.compile(rb"M73 P(\d+)(?: R(\d+))?")
_M73_LAYER = re.compile(rb"M73 L(\d+)")
_NOTIFY_LAYER = re.compile(rb"M991 S0 P(-?\d+)")
_PAUSE = re.compile(rb"M400 U1\b")
_NOZZLE_HEAT = re.compile(rb"M10[49] [^;]*?S(\d+)")
_BED_HEAT = re.compile(rb"M1[49]0 [^;]*?S(\d+)")
_TOTAL_LAYERS = re.compile(rb"; total layer number:\s*(\d+)")
_PREDICTION = re.compile(r'key="prediction"\s+value="(\d+)"')
_MODEL = re.compile(r'key="printer_model_id"\s+value="([^"]*)"')
_NOZZLE = re.compile(r'key="nozzle_diameters"\s+value="([^"]*)"')


class Unprintable(Exception):
    """The firmware gives up on the file with this print_error."""

    def __init__(self, print_error: int) -> None:
        super().__init__(f"{print_error:08X}")
        self.print_error = print_error


@dataclass(frozen=True)
class Mark:
    """At `at_s` seconds of printing the display shows this percent and layer, or it pauses."""

    at_s: float
    percent: int
    layer: int
    is_pause: bool = False


@dataclass(frozen=True)
class Program:
    """A plate that can be printed."""

    marks: tuple[Mark, ...]
    total_layers: int
    duration_s: float
    nozzle_c: float = DEFAULT_NOZZLE_C
    bed_c: float = DEFAULT_BED_C


@dataclass(frozen=True)
class Machinery:
    """What the printer is, as far as a file must suit it."""

    models: tuple[str, ...]
    nozzle_mm: str
    md5_error: int = CANT_PARSE


@dataclass
class _Scan:
    """What one pass over the G-code finds."""

    found: list[tuple[str, int]]
    total_layers: int = 0
    minutes: int | None = None
    nozzle_c: float = 0.0
    bed_c: float = 0.0


def read_program(path: Path, member: str, md5: str, machinery: Machinery) -> Program:
    """Return the program of one plate; raise Unprintable as the firmware would.

    A missing or incomplete file gives 0500-C010, one that is no zip, has no such plate or a
    stale checksum 0500-4003. [K] BDY#645, A1D
    """
    if not path.is_file() or not path.stat().st_size:
        raise Unprintable(STORAGE_ERROR)
    if md5 not in {"", "from_sd_card"} and md5.lower() != _md5_of(path):
        raise Unprintable(machinery.md5_error)
    try:
        with zipfile.ZipFile(path) as archive:
            return _read_plate(archive, member, machinery)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        raise Unprintable(STORAGE_ERROR if _is_cut_short(path) else CANT_PARSE) from None


def _is_cut_short(path: Path) -> bool:
    """Whether this begins as a zip does, but its end is missing."""
    with path.open("rb") as file:
        return file.read(4) == b"PK\x03\x04" and not zipfile.is_zipfile(path)


def _md5_of(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _read_plate(archive: zipfile.ZipFile, member: str, machinery: Machinery) -> Program:
    names = set(archive.namelist())
    if not member or member not in names or not archive.getinfo(member).file_size:
        raise Unprintable(CANT_PARSE)
    info = ""
    if "Metadata/slice_info.config" in names:
        info = archive.read("Metadata/slice_info.config").decode(errors="replace")
    _must_suit(info, machinery)
    if f"{member}.md5" in names:
        _must_match(archive, member)
    with archive.open(member) as stream:
        scan = scan_gcode(stream)
    duration_s = _duration_s(info, scan)
    return Program(
        marks=timed(scan.found, duration_s),
        total_layers=scan.total_layers,
        duration_s=duration_s,
        nozzle_c=scan.nozzle_c or DEFAULT_NOZZLE_C,
        bed_c=scan.bed_c or DEFAULT_BED_C,
    )


def _must_suit(info: str, machinery: Machinery) -> None:
    model, nozzle = _MODEL.search(info), _NOZZLE.search(info)
    if model and model[1] and model[1] not in machinery.models:
        raise Unprintable(OTHER_MODEL)
    if nozzle and nozzle[1] and machinery.nozzle_mm not in nozzle[1].split(","):
        raise Unprintable(OTHER_NOZZLE)


def _must_match(archive: zipfile.ZipFile, member: str) -> None:
    digest = hashlib.md5(usedforsecurity=False)
    with archive.open(member) as stream:
        while chunk := stream.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    said = archive.read(f"{member}.md5").decode(errors="replace").strip()
    if said.lower() != digest.hexdigest():
        raise Unprintable(CANT_PARSE)


def _duration_s(info: str, scan: _Scan) -> float:
    if match := _PREDICTION.search(info):
        return max(1.0, float(match[1]))
    return max(1.0, scan.minutes * 60.0) if scan.minutes is not None else DEFAULT_DURATION_S


def scan_gcode(lines: Iterable[bytes]) -> _Scan:
    """Return each mark in file order, the number of layers and the temperatures."""
    scan = _Scan([])
    for line in lines:
        if line.startswith(b"M"):
            _scan_command(line, scan)
        elif match := _TOTAL_LAYERS.match(line):
            scan.total_layers = int(match[1])
    layers = [value for kind, value in scan.found if kind == "layer"]
    scan.total_layers = scan.total_layers or max(layers, default=0)
    return scan


def _scan_command(line: bytes, scan: _Scan) -> None:
    if match := _PERCENT.match(line):
        scan.found.append(("percent", int(match[1])))
        if match[2] is not None and scan.minutes is None:
            scan.minutes = int(match[2])
    elif match := _M73_LAYER.match(line):
        _add_layer(scan, int(match[1]))
    elif match := _NOTIFY_LAYER.match(line):
        _add_layer(scan, int(match[1]) + 1)  # counts from 0, and from -1 for none
    elif _PAUSE.match(line):
        scan.found.append(("pause", 0))
    elif match := _NOZZLE_HEAT.match(line):
        scan.nozzle_c = max(scan.nozzle_c, float(match[1]))
    elif match := _BED_HEAT.match(line):
        scan.bed_c = max(scan.bed_c, float(match[1]))


def _add_layer(scan: _Scan, layer: int) -> None:
    """Both kinds of mark may name one layer."""
    if layer > 0 and ("layer", layer) not in scan.found[-2:]:
        scan.found.append(("layer", layer))


def timed(found: list[tuple[str, int]], duration_s: float) -> tuple[Mark, ...]:
    """Give each mark a time: a percent its share of the duration, what lies between evenly."""
    marks: list[Mark] = []
    percent, layer, since_s = 0, 0, 0.0
    pending: list[tuple[str, int]] = []
    for kind, value in [*found, ("percent", 100)]:
        if kind != "percent":
            pending.append((kind, value))
            continue
        until_s = max(duration_s * min(value, 100) / 100, since_s)
        for number, (what, reached) in enumerate(pending, 1):
            at_s = since_s + (until_s - since_s) * number / (len(pending) + 1)
            layer = reached if what == "layer" else layer
            marks.append(Mark(at_s, percent, layer, is_pause=what == "pause"))
        pending = []
        percent, since_s = max(percent, min(value, 100)), until_s
        marks.append(Mark(until_s, percent, layer))
    return tuple(marks)
