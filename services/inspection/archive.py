"""What is in a .3mf: enough to know that a printer can be given it. Pure; reads, never extracts.

Every entry is read in bounded pieces: a declared size is a claim of the file, not a fact.
"""

import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from contracts.loaded import NeededFilament, PlateSummary

MAX_ENTRIES = 1_000
MAX_CONFIG_BYTES = 4 * 1024 * 1024
_PLATE = re.compile(r"Metadata/plate_([1-9][0-9]{0,2})\.gcode")
_SLICE_INFO = "Metadata/slice_info.config"
_MODEL = "3D/3dmodel.model"


class Refusal(Exception):
    """The file can't be printed; `code` is for programs, the text says what to do."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code, self.sentence = code, sentence


@dataclass(frozen=True)
class Inspection:
    """What an artifact holds."""

    plates: tuple[PlateSummary, ...]


def inspect(path: Path) -> Inspection:
    """Return what is in the file; raise Refusal when it can't be printed."""
    try:
        with zipfile.ZipFile(path) as archive:
            return Inspection(_plates(archive))
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        NotImplementedError,
        RuntimeError,
    ) as exc:
        raise Refusal(
            "not_a_zip",
            "The file can't be opened: it is damaged, not complete, or no .3mf at all. "
            "Export it again from your slicer.",
        ) from exc


def _plates(archive: zipfile.ZipFile) -> tuple[PlateSummary, ...]:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise Refusal("too_many_entries", "This file is built as no slicer builds it.")
    names = [entry.filename for entry in entries]
    if len({name.casefold() for name in names}) != len(names):
        raise Refusal("duplicate_entries", "Two parts of the file have one name. Export it again.")
    programs = {
        int(match[1]): entry
        for entry in entries
        if (match := _PLATE.fullmatch(entry.filename)) and entry.file_size > 0
    }
    if not programs:
        raise _not_sliced(names)
    described = _described_plates(archive, names)
    for index, entry in programs.items():
        _must_be_readable(archive, entry, index)
    return tuple(described.get(index) or _bare(index) for index in sorted(programs))


def _not_sliced(names: list[str]) -> Refusal:
    if _MODEL in names:
        return Refusal(
            "not_sliced",
            "The file is not sliced. Open it in your slicer, choose the P1S, slice, and export "
            "the plate as sliced file (.gcode.3mf).",
        )
    return Refusal(
        "not_a_3mf",
        "The file holds no print. Layerline takes sliced files: export the plate from your "
        "slicer as .gcode.3mf.",
    )


def _must_be_readable(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, index: int) -> None:
    with archive.open(entry) as stream:
        if not stream.read(1):
            raise Refusal("empty_plate", f"Plate {index} has no program. Slice that plate.")


def _described_plates(archive: zipfile.ZipFile, names: list[str]) -> dict[int, PlateSummary]:
    if _SLICE_INFO not in names:
        return {}
    with archive.open(_SLICE_INFO) as stream:
        text = stream.read(MAX_CONFIG_BYTES + 1)
    if len(text) > MAX_CONFIG_BYTES:
        raise Refusal("config_too_large", "This file is built as no slicer builds it.")
    try:
        root = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as exc:
        raise Refusal(
            "bad_slice_info", "The slicer's notes in the file can't be read. Export it again."
        ) from exc
    summaries = (_summary(plate) for plate in root.iter("plate"))
    return {summary.index: summary for summary in summaries if summary is not None}


def _bare(index: int) -> PlateSummary:
    return PlateSummary(
        index=index,
        gcode_path=_gcode_path(index),
        model=None,
        nozzle_mm=None,
        estimate_s=None,
        weight_g=None,
        filaments=(),
        project_filaments=0,
    )


def _summary(plate: Element) -> PlateSummary | None:
    values = {item.get("key", ""): item.get("value", "") for item in plate.iter("metadata")}
    index = _number(values.get("index"))
    if index is None or not 1 <= index <= 999:
        return None
    filaments = tuple(
        needed for item in plate.iter("filament") if (needed := _filament(item)) is not None
    )
    maps = values.get("filament_maps", "").split()
    highest = max((needed.index for needed in filaments), default=0)
    estimate_s = _number(values.get("prediction"))
    nozzle = _number((values.get("nozzle_diameters") or "").split(",")[0])
    return PlateSummary(
        index=int(index),
        gcode_path=_gcode_path(int(index)),
        model=values.get("printer_model_id") or None,
        nozzle_mm=nozzle,
        estimate_s=None if estimate_s is None else int(estimate_s),
        weight_g=_number(values.get("weight")),
        filaments=filaments,
        project_filaments=min(max(len(maps), highest), 64),
    )


def _filament(item: Element) -> NeededFilament | None:
    index = _number(item.get("id"))
    if index is None or not 1 <= index <= 64:
        return None
    return NeededFilament(
        index=int(index),
        type=item.get("type", "")[:32],
        color=item.get("color", "")[:9],
        used_g=_number(item.get("used_g")),
        used_m=_number(item.get("used_m")),
    )


def _number(text: str | None) -> float | None:
    """Return a finite, non-negative number, or None where the text is none."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


def _gcode_path(index: int) -> str:
    return f"Metadata/plate_{index}.gcode"
