"""Packing a sliced .3mf: the members that a P1S and its inspectors look for. Pure.

Members and their shapes: the public format of sliced files; every byte is written here.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from xml.sax.saxutils import quoteattr

FIXED_TIME = (2026, 1, 1, 0, 0, 0)
"""The same input gives the same bytes."""
MIN_SETTINGS_FILAMENTS = 5
"""Validators want the settings' filament lists at least this long."""
APPLICATION = "Layerline-samples"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8ffff3f0005fe02fea135810e0000000049454e44ae426082"
)


@dataclass(frozen=True)
class Filament:
    """A filament of the project; `index` is 1-based."""

    index: int
    type: str
    color: str
    used_m: float
    used_g: float


@dataclass(frozen=True)
class Plate:
    """One sliced plate."""

    index: int
    gcode: bytes
    prediction_s: int
    filaments: tuple[Filament, ...]
    object_name: str
    picture: bytes = PIXEL
    small_picture: bytes = PIXEL
    md5: str | None = None
    """Another than the program's own makes a file that was changed after slicing."""


@dataclass(frozen=True)
class SlicedFile:
    """What goes into the archive."""

    plates: tuple[Plate, ...]
    printer_model_id: str = "C12"
    nozzle: str = "0.4"
    has_slice_info: bool = True
    mesh: bytes | None = None
    extra: Mapping[str, bytes] = field(default_factory=dict)

    def changed(self, **changes: object) -> "SlicedFile":
        """Return this with changes."""
        return replace(self, **changes)  # type: ignore[arg-type]


def pack(file: SlicedFile) -> bytes:
    """Return the archive's bytes."""
    members: dict[str, bytes] = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _relations(file),
        "3D/3dmodel.model": file.mesh or _EMPTY_MODEL,
    }
    for plate in file.plates:
        base = f"Metadata/plate_{plate.index}"
        digest = hashlib.md5(plate.gcode, usedforsecurity=False).hexdigest().upper()
        members[f"{base}.gcode"] = plate.gcode
        members[f"{base}.gcode.md5"] = (plate.md5 or digest).encode()
        members[f"{base}.png"] = plate.picture
        members[f"{base}_small.png"] = plate.small_picture
        for view in ("plate_no_light", "top", "pick"):
            members[f"Metadata/{view}_{plate.index}.png"] = plate.small_picture
        members[f"{base}.json"] = _plate_json(plate, file.nozzle)
    if file.has_slice_info:
        members["Metadata/slice_info.config"] = _slice_info(file)
    members["Metadata/model_settings.config"] = _model_settings(file.plates)
    members["Metadata/_rels/model_settings.config.rels"] = _gcode_relations(file.plates)
    members["Metadata/project_settings.config"] = _project_settings(file)
    members.update(file.extra)
    return zipped(members)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of these members, with fixed times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_CONTENT_TYPES = (
    f"{_HEAD}"
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\n'
    ' <Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\n'
    ' <Default Extension="model" '
    'ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/>\n'
    ' <Default Extension="png" ContentType="image/png"/>\n'
    ' <Default Extension="gcode" ContentType="text/x.gcode"/>\n'
    "</Types>\n"
).encode()
_EMPTY_MODEL = (
    f"{_HEAD}"
    '<model unit="millimeter" xml:lang="en-US" '
    'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">\n'
    f' <metadata name="Application">{APPLICATION}</metadata>\n'
    " <resources/>\n <build/>\n</model>\n"
).encode()
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_THUMBNAIL = "http://schemas.openxmlformats.org/package/2006/relationships/metadata/thumbnail"
_MODEL = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
_GCODE = "http://schemas.bambulab.com/package/2021/gcode"


def _relations(file: SlicedFile) -> bytes:
    first = file.plates[0].index if file.plates else 1
    return _relationships(
        (("/3D/3dmodel.model", _MODEL), (f"/Metadata/plate_{first}.png", _THUMBNAIL))
    )


def _gcode_relations(plates: Sequence[Plate]) -> bytes:
    return _relationships((f"/Metadata/plate_{plate.index}.gcode", _GCODE) for plate in plates)


def _relationships(targets: Iterable[tuple[str, str]]) -> bytes:
    rows = "".join(
        f' <Relationship Target="{target}" Id="rel-{number}" Type="{kind}"/>\n'
        for number, (target, kind) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_RELATIONSHIPS}">\n{rows}</Relationships>\n'.encode()


def _slice_info(file: SlicedFile) -> bytes:
    plates = "".join(_slice_info_plate(plate, file) for plate in file.plates)
    header = (
        ' <header>\n  <header_item key="X-BBL-Client-Type" value="slicer"/>\n'
        '  <header_item key="X-BBL-Client-Version" value="02.00.00.00"/>\n </header>\n'
    )
    return f"{_HEAD}<config>\n{header}{plates}</config>\n".encode()


def _slice_info_plate(plate: Plate, file: SlicedFile) -> str:
    weight = sum(filament.used_g for filament in plate.filaments)
    metadata = {
        "index": plate.index,
        "printer_model_id": file.printer_model_id,
        "nozzle_diameters": file.nozzle,
        "timelapse_type": 0,
        "prediction": plate.prediction_s,
        "weight": f"{weight:.2f}",
        "outside": "false",
        "support_used": "false",
        "label_object_enabled": "false",
        "filament_maps": " ".join("1" for _ in range(_project_filaments(file))),
    }
    rows = "".join(
        f"  <metadata key={quoteattr(key)} value={quoteattr(str(value))}/>\n"
        for key, value in metadata.items()
    )
    name = quoteattr(plate.object_name)
    rows += f'  <object identify_id="{100 + plate.index}" name={name} skipped="false"/>\n'
    for filament in plate.filaments:
        rows += (
            f'  <filament id="{filament.index}" tray_info_idx="GFL99" '
            f"type={quoteattr(filament.type)} color={quoteattr(filament.color)} "
            f'used_m="{filament.used_m:.2f}" used_g="{filament.used_g:.2f}"/>\n'
        )
    return f" <plate>\n{rows} </plate>\n"


def _project_filaments(file: SlicedFile) -> int:
    return max((f.index for plate in file.plates for f in plate.filaments), default=1)


def _model_settings(plates: Sequence[Plate]) -> bytes:
    rows = "".join(
        " <plate>\n"
        f'  <metadata key="plater_id" value="{plate.index}"/>\n'
        '  <metadata key="plater_name" value=""/>\n'
        '  <metadata key="locked" value="false"/>\n'
        f'  <metadata key="gcode_file" value="Metadata/plate_{plate.index}.gcode"/>\n'
        f'  <metadata key="thumbnail_file" value="Metadata/plate_{plate.index}.png"/>\n'
        f'  <metadata key="pattern_bbox_file" value="Metadata/plate_{plate.index}.json"/>\n'
        " </plate>\n"
        for plate in plates
    )
    return f"{_HEAD}<config>\n{rows}</config>\n".encode()


def _plate_json(plate: Plate, nozzle: str) -> bytes:
    content = {
        "bbox_all": [100, 100, 156, 156],
        "bbox_objects": [
            {
                "area": 400.0,
                "bbox": [100, 100, 156, 156],
                "id": 100 + plate.index,
                "layer_height": 0.2,
                "name": plate.object_name,
            }
        ],
        "bed_type": "textured_plate",
        "filament_colors": [filament.color for filament in plate.filaments],
        "filament_ids": [filament.index - 1 for filament in plate.filaments],
        "first_extruder": 0,
        "is_seq_print": False,
        "nozzle_diameter": float(nozzle),
        "version": 2,
    }
    return json.dumps(content).encode()


def _project_settings(file: SlicedFile) -> bytes:
    filaments = {f.index: f for plate in file.plates for f in plate.filaments}
    count = max(_project_filaments(file), MIN_SETTINGS_FILAMENTS)
    ordered = [filaments.get(n) for n in range(1, count + 1)]
    content = {
        "printer_model": "Bambu Lab P1S",
        "printer_settings_id": f"Bambu Lab P1S {file.nozzle} nozzle",
        "nozzle_diameter": [file.nozzle],
        "filament_type": [f.type if f else "PLA" for f in ordered],
        "filament_colour": [f.color if f else "#FFFFFF" for f in ordered],
        "filament_settings_id": [f"Generic {f.type if f else 'PLA'}" for f in ordered],
        "curr_bed_type": "Textured PEI Plate",
        "print_settings_id": "0.20mm",
        "layer_height": "0.2",
    }
    return json.dumps(content, indent=1).encode()
