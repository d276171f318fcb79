"""What is in a .3mf: insight for the approver, no surprise for the printer. Pure; no extraction."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from contracts.findings import Finding, Severity, SlicerInfo
from contracts.inspection import ArtifactInspection
from services.inspection.describing import Notes, describe
from services.inspection.directory import Entry, read_directory
from services.inspection.header import read_header
from services.inspection.machines import machine_of
from services.inspection.pictures import check_picture
from services.inspection.program import Scan, scan
from services.inspection.refusal import REBUILT, Refusal, unreadable
from services.inspection.rules import Rules
from services.inspection.settings import (
    MAX_JSON_BYTES,
    PlateNames,
    Settings,
    read_json,
    read_plate_names,
)
from services.inspection.slice_info import MAX_WARNINGS, SliceInfo, read_slice_info
from services.inspection.texts import plain
from services.inspection.unpacking import Unpacker

MAX_PLATES = 64
MAX_XML_BYTES = 16 * 1024 * 1024
MAX_OUTPUT_BYTES = 200_000
"""An event carries the plates and has room for 256 KiB."""
_PROGRAM = re.compile(r"Metadata/plate_([1-9][0-9]{0,2})\.gcode")
_NOTES = "Metadata/"
"""The slicer's own parts; what people attach (photographs of the thing, say) lies elsewhere."""
_SLICE_INFO = "Metadata/slice_info.config"
_PLATE_NAMES = "Metadata/model_settings.config"
_PROJECT = "Metadata/project_settings.config"
_MODEL = "3D/3dmodel.model"
_APPLICATION = re.compile(rb'<metadata name="Application">([^<]{1,128})<')
_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


def inspect(path: Path, rules: Rules | None = None) -> ArtifactInspection:
    """Return what is in the file; raise Refusal when it can't or mustn't be printed."""
    try:
        with path.open("rb") as file:
            return _Inspector(file, rules or Rules()).run()
    except (OSError, EOFError) as exc:
        raise unreadable() from exc


@dataclass
class _Found:
    application: str = ""
    has_model: bool = False


class _Inspector:
    def __init__(self, file: BinaryIO, rules: Rules) -> None:
        self._entries = {entry.name: entry for entry in read_directory(file)}
        self._unpacker = Unpacker(file)
        self._rules = rules
        self._found = _Found()

    def run(self) -> ArtifactInspection:
        programs = {
            int(match[1]): entry
            for name, entry in self._entries.items()
            if (match := _PROGRAM.fullmatch(name)) and entry.size_bytes > 0
        }
        if not programs:
            raise _not_sliced(self._entries)
        if len(programs) > MAX_PLATES:
            raise Refusal("too_many_plates", "The file has more than 64 plates. Export fewer.")
        info, names, project = self._info(), self._names(), self._project()
        known = {_SLICE_INFO, _PLATE_NAMES, _PROJECT, *(e.name for e in programs.values())}
        plate_notes = {index: self._plate_json(index) for index in programs}
        known |= {f"Metadata/plate_{index}.json" for index in programs}
        for name, entry in self._entries.items():
            if name not in known:
                self._look_at(name, entry)
        _must_agree(set(programs), info, names)
        plates = []
        slicer: SlicerInfo | None = None
        for index in sorted(programs):
            notes = Notes(info.plates.get(index), names, project, plate_notes[index])
            model = notes.model()
            self._rules.check(index, model, notes.nozzle())
            result = self._scan(index, programs[index], model)
            header = read_header(result.head)
            slicer = slicer or header.slicer
            plate = describe(index, notes, header, result)
            _refuse_for(index, plate.findings)
            plates.append(plate)
        inspection = ArtifactInspection(
            plates=tuple(plates),
            slicer=self._slicer(info) or slicer,
            warnings=_warnings(info),
            has_model=self._found.has_model,
        )
        if len(inspection.model_dump_json()) > MAX_OUTPUT_BYTES:
            raise Refusal("too_much_described", f"The file describes far too much. {REBUILT}")
        return inspection

    def _pieces(self, name: str, limit: int = MAX_XML_BYTES) -> Iterator[bytes]:
        entry = self._entries[name]
        if entry.size_bytes > limit:
            raise Refusal("config_too_large", "The slicer's notes in the file are far too large.")
        return self._unpacker.pieces(entry)

    def _info(self) -> SliceInfo:
        if _SLICE_INFO not in self._entries:
            return SliceInfo()
        return read_slice_info(self._pieces(_SLICE_INFO))

    def _names(self) -> PlateNames:
        if _PLATE_NAMES not in self._entries:
            return PlateNames()
        return read_plate_names(self._pieces(_PLATE_NAMES))

    def _project(self) -> Settings:
        entry = self._entries.get(_PROJECT)
        content = self._unpacker.whole(entry, MAX_JSON_BYTES) if entry else None
        return read_json(content, what="project_settings")

    def _plate_json(self, index: int) -> Settings:
        entry = self._entries.get(f"Metadata/plate_{index}.json")
        content = self._unpacker.whole(entry, MAX_JSON_BYTES) if entry else None
        return read_json(content, what="plate_json")

    def _look_at(self, name: str, entry: Entry) -> None:
        """Unpack a part that is not needed: it must be whole, and nothing odd in it."""
        is_markup = name.endswith((".model", ".config", ".rels", ".xml"))
        tail, position = b"", 0
        for piece in self._unpacker.pieces(entry):
            if piece and not position and name.startswith(_NOTES) and name.endswith(".png"):
                check_picture(piece)
            if is_markup:
                text = tail + piece
                if position == 0:
                    self._read_start(name, text)
                if _DECLARED.search(text):
                    raise Refusal("xml_entities", "A part of the file defines entities.")
                if not self._found.has_model and b"<triangle " in text:
                    self._found.has_model = True
                tail = text[-16:]
            position += len(piece)

    def _read_start(self, name: str, text: bytes) -> None:
        if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text[:64]:
            raise Refusal("odd_encoding", f"A part of the file is in an odd encoding. {REBUILT}")
        if name == _MODEL and (match := _APPLICATION.search(text[:65536])):
            self._found.application = plain(match[1].decode(errors="replace"), 128)

    def _scan(self, index: int, entry: Entry, model: str | None) -> Scan:
        digest = hashlib.md5(usedforsecurity=False)

        def pieces() -> Iterator[bytes]:
            for piece in self._unpacker.pieces(entry):
                digest.update(piece)
                yield piece

        try:
            result = scan(pieces(), machine_of(model))
        except Refusal as refusal:
            raise Refusal(refusal.code, f"Plate {index}: {refusal.sentence}") from refusal
        listed = self._entries.get(f"{entry.name}.md5")
        if listed is not None:
            told = self._unpacker.whole(listed, 64)
            if told is None or told.strip().upper() != digest.hexdigest().upper().encode():
                raise Refusal(
                    "wrong_md5",
                    f"The program of plate {index} was changed after it was sliced. "
                    "Slice and export it again.",
                )
        return result

    def _slicer(self, info: SliceInfo) -> SlicerInfo | None:
        name, _, version = self._found.application.partition("-")
        if not name or (name == "BambuStudio" and not version and not info.version):
            return None
        is_version = version[:1].isdigit()
        if not is_version:
            name, version = self._found.application, info.version
        return SlicerInfo(name=name[:64], version=version[:64])


def _warnings(info: SliceInfo) -> tuple[str, ...]:
    """Return the slicer's own words, of all plates, each once."""
    said = (w.message for index in sorted(info.plates) for w in info.plates[index].warnings)
    return tuple(dict.fromkeys(said))[:MAX_WARNINGS]


def _not_sliced(names: dict[str, Entry]) -> Refusal:
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


def _must_agree(indices: set[int], info: SliceInfo, names: PlateNames) -> None:
    described = set(info.plates)
    if described and not indices <= described:
        plate = min(indices - described)
        raise Refusal(
            "plate_mismatch",
            f"Plate {plate} has a program, but the slicer's notes don't know it. Export it again.",
        )
    for index, program in names.programs.items():
        if index in indices and program not in ("", f"Metadata/plate_{index}.gcode"):
            raise Refusal(
                "plate_mismatch",
                f"The slicer's notes name another program for plate {index}. Export it again.",
            )


def _refuse_for(index: int, findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        if finding.severity is Severity.REFUSE:
            where = f"Plate {index}" + (f", line {finding.line:,}" if finding.line else "")
            raise Refusal(finding.code, f"{where}: {finding.text}")
