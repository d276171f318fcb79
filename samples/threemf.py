"""Packing a .3mf: the members that a P1S and its inspectors look for. Pure.

Members and their shapes are facts of the format [S]; every byte is written here.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

FIXED_TIME = (2026, 1, 1, 0, 0, 0)
"""The same input gives the same bytes."""
MIN_SETTINGS_FILAMENTS = 5
"""Validators want the settings' lists of filaments at least this long."""
APPLICATION = "Layerline-samples"
CLIENT_VERSION = "02.00.00.00"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8ffff3f0005fe02fea135810e0000000049454e44ae426082"
)
Point = tuple[float, float, float]
Triangle = tuple[Point, Point, Point]


@dataclass(frozen=True)
class Filament:
    """A filament of the project; `index` is 1-based."""

    index: int
    type: str
    color: str
    used_m: float
    used_g: float


@dataclass(frozen=True)
class Pictures:
    """The five PNGs of a plate."""

    large: bytes = PIXEL
    small: bytes = PIXEL
    no_light: bytes = PIXEL
    top: bytes = PIXEL
    pick: bytes = PIXEL


@dataclass(frozen=True)
class Plate:
    """One sliced plate."""

    index: int
    gcode: bytes
    prediction_s: int | None
    filaments: tuple[Filament, ...]
    object_name: str
    name: str = ""
    layer_height_mm: float = 0.2
    box_mm: tuple[float, float, float, float] = (118.0, 118.0, 138.0, 138.0)
    """Left, front, right, back of what is printed, on the bed."""
    has_supports: bool = False
    pictures: Pictures = field(default_factory=Pictures)
    md5: str | None = None
    """Another than the program's own makes a file that was changed after slicing."""

    @property
    def object_id(self) -> int:
        """The number that stands for the plate's object in every member."""
        return 100 + self.index


@dataclass(frozen=True)
class SlicedFile:
    """What goes into the archive of a sliced file."""

    plates: tuple[Plate, ...]
    printer_model_id: str = "C12"
    printer_model: str = "Bambu Lab P1S"
    nozzle: str = "0.4"
    has_slice_info: bool = True
    extra: Mapping[str, bytes] = field(default_factory=dict)
    """More members, or others in place of those made here."""


@dataclass(frozen=True)
class Part:
    """A mesh of an un-sliced project, in millimetres."""

    name: str
    triangles: Sequence[Triangle]


def pack(file: SlicedFile) -> bytes:
    """Return the bytes of a sliced file."""
    members = _common(_MODEL_STUB, file.plates[0].index if file.plates else 1)
    for plate in file.plates:
        members.update(_plate_members(plate, file.nozzle))
    if file.has_slice_info:
        members["Metadata/slice_info.config"] = _slice_info(file)
    members["Metadata/model_settings.config"] = _model_settings(file.plates)
    members["Metadata/_rels/model_settings.config.rels"] = _relationships(
        (f"/Metadata/plate_{plate.index}.gcode", _GCODE) for plate in file.plates
    )
    members["Metadata/project_settings.config"] = _project_settings(
        file.nozzle, file.printer_model, [f for plate in file.plates for f in plate.filaments]
    )
    members.update(file.extra)
    return zipped(members)


def pack_project(parts: Sequence[Part], picture: bytes = PIXEL) -> bytes:
    """Return the bytes of an un-sliced project: meshes and settings, no program."""
    members = _common(_model(parts), 1)
    members["Metadata/plate_1.png"] = picture
    members["Metadata/slice_info.config"] = f"{_HEAD}<config>\n{_CLIENT}</config>\n".encode()
    members["Metadata/model_settings.config"] = _project_objects(parts)
    members["Metadata/project_settings.config"] = _project_settings("0.4", "Bambu Lab P1S", [])
    return zipped(members)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of these members, with fixed times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name, FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_CLIENT = (
    ' <header>\n  <header_item key="X-BBL-Client-Type" value="slicer"/>\n'
    f'  <header_item key="X-BBL-Client-Version" value="{CLIENT_VERSION}"/>\n </header>\n'
)
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
_MODEL_HEAD = (
    f"{_HEAD}"
    '<model unit="millimeter" xml:lang="en-US" '
    'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">\n'
    f' <metadata name="Application">{APPLICATION}</metadata>\n'
)
_MODEL_STUB = f"{_MODEL_HEAD} <resources/>\n <build/>\n</model>\n".encode()
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_THUMBNAIL = f"{_RELATIONSHIPS}/metadata/thumbnail"
_MODEL_PART = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
_GCODE = "http://schemas.bambulab.com/package/2021/gcode"


def _common(model: bytes, first_plate: int) -> dict[str, bytes]:
    relations = (
        ("/3D/3dmodel.model", _MODEL_PART),
        (f"/Metadata/plate_{first_plate}.png", _THUMBNAIL),
    )
    return {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _relationships(relations),
        "3D/3dmodel.model": model,
    }


def _relationships(targets: Iterable[tuple[str, str]]) -> bytes:
    rows = "".join(
        f' <Relationship Target="{target}" Id="rel-{number}" Type="{kind}"/>\n'
        for number, (target, kind) in enumerate(targets, 1)
    )
    return f'{_HEAD}<Relationships xmlns="{_RELATIONSHIPS}">\n{rows}</Relationships>\n'.encode()


def _plate_members(plate: Plate, nozzle: str) -> dict[str, bytes]:
    base, n = f"Metadata/plate_{plate.index}", plate.index
    digest = hashlib.md5(plate.gcode, usedforsecurity=False).hexdigest().upper()
    return {
        f"{base}.gcode": plate.gcode,
        f"{base}.gcode.md5": (plate.md5 or digest).encode(),
        f"{base}.json": _plate_json(plate, nozzle),
        f"{base}.png": plate.pictures.large,
        f"{base}_small.png": plate.pictures.small,
        f"Metadata/plate_no_light_{n}.png": plate.pictures.no_light,
        f"Metadata/top_{n}.png": plate.pictures.top,
        f"Metadata/pick_{n}.png": plate.pictures.pick,
    }


def _plate_json(plate: Plate, nozzle: str) -> bytes:
    left, front, right, back = plate.box_mm
    box = [left, front, right, back]
    found = {
        "area": round((right - left) * (back - front), 2),
        "bbox": box,
        "id": plate.object_id,
        "layer_height": plate.layer_height_mm,
        "name": plate.object_name,
    }
    content = {
        "bbox_all": box,
        "bbox_objects": [found],
        "bed_type": "textured_plate",
        "filament_colors": [filament.color for filament in plate.filaments],
        "filament_ids": [filament.index - 1 for filament in plate.filaments],
        "first_extruder": plate.filaments[0].index - 1 if plate.filaments else 0,
        "is_seq_print": False,
        "nozzle_diameter": float(nozzle),
        "version": 2,
    }
    return json.dumps(content).encode()


def _slice_info(file: SlicedFile) -> bytes:
    plates = "".join(_slice_info_plate(plate, file) for plate in file.plates)
    return f"{_HEAD}<config>\n{_CLIENT}{plates}</config>\n".encode()


def _slice_info_plate(plate: Plate, file: SlicedFile) -> str:
    count = _filament_count([f for each in file.plates for f in each.filaments])
    values = {
        "index": plate.index,
        "printer_model_id": file.printer_model_id,
        "nozzle_diameters": file.nozzle,
        "timelapse_type": 0,
        "prediction": plate.prediction_s,
        "weight": f"{sum(filament.used_g for filament in plate.filaments):.2f}",
        "outside": "false",
        "support_used": "true" if plate.has_supports else "false",
        "label_object_enabled": "false",
        "filament_maps": " ".join(["1"] * count),
    }
    rows = _metadata(values, indent=2)
    name = quoteattr(plate.object_name)
    rows += f'  <object identify_id="{plate.object_id}" name={name} skipped="false"/>\n'
    for filament in plate.filaments:
        rows += (
            f'  <filament id="{filament.index}" tray_info_idx="{_tray_info(filament.type)}" '
            f"type={quoteattr(filament.type)} color={quoteattr(filament.color)} "
            f'used_m="{filament.used_m:.2f}" used_g="{filament.used_g:.2f}"/>\n'
        )
    return f" <plate>\n{rows} </plate>\n"


def _metadata(values: Mapping[str, object], *, indent: int) -> str:
    return "".join(
        f"{' ' * indent}<metadata key={quoteattr(key)} value={quoteattr(str(value))}/>\n"
        for key, value in values.items()
        if value is not None
    )


def _tray_info(filament_type: str) -> str:
    return {"PETG": "GFG99"}.get(filament_type, "GFL99")


def _model_settings(plates: Sequence[Plate]) -> bytes:
    rows = "".join(
        f' <object id="{plate.object_id}">\n'
        + _metadata({"name": plate.object_name, "extruder": _first_index(plate)}, indent=2)
        + " </object>\n"
        for plate in plates
    )
    for plate in plates:
        values = {
            "plater_id": plate.index,
            "plater_name": plate.name,
            "locked": "false",
            "gcode_file": f"Metadata/plate_{plate.index}.gcode",
            "thumbnail_file": f"Metadata/plate_{plate.index}.png",
            "thumbnail_no_light_file": f"Metadata/plate_no_light_{plate.index}.png",
            "top_file": f"Metadata/top_{plate.index}.png",
            "pick_file": f"Metadata/pick_{plate.index}.png",
            "pattern_bbox_file": f"Metadata/plate_{plate.index}.json",
        }
        instance = {"object_id": plate.object_id, "instance_id": 0, "identify_id": plate.object_id}
        rows += f" <plate>\n{_metadata(values, indent=2)}  <model_instance>\n"
        rows += f"{_metadata(instance, indent=3)}  </model_instance>\n </plate>\n"
    return f"{_HEAD}<config>\n{rows}</config>\n".encode()


def _first_index(plate: Plate) -> int:
    return plate.filaments[0].index if plate.filaments else 1


def _filament_count(filaments: Iterable[Filament]) -> int:
    return max((filament.index for filament in filaments), default=1)


def _project_settings(nozzle: str, printer_model: str, used: Sequence[Filament]) -> bytes:
    by_index = {filament.index: filament for filament in used}
    count = max(_filament_count(used), MIN_SETTINGS_FILAMENTS)
    ordered = [by_index.get(index) for index in range(1, count + 1)]
    content = {
        "printer_model": printer_model,
        "printer_settings_id": f"{printer_model} {nozzle} nozzle",
        "printer_variant": nozzle,
        "nozzle_diameter": [nozzle],
        "filament_type": [f.type if f else "PLA" for f in ordered],
        "filament_colour": [f.color if f else "#FFFFFF" for f in ordered],
        "filament_settings_id": [f"Generic {f.type if f else 'PLA'}" for f in ordered],
        "curr_bed_type": "Textured PEI Plate",
        "print_settings_id": "Layerline sample",
    }
    return json.dumps(content, indent=1).encode()


def _model(parts: Sequence[Part]) -> bytes:
    objects = "".join(_object(number, part) for number, part in enumerate(parts, 1))
    items = "".join(f'<item objectid="{number}"/>' for number in range(1, len(parts) + 1))
    content = f" <resources>\n{objects} </resources>\n <build>{items}</build>\n</model>\n"
    return f"{_MODEL_HEAD}{content}".encode()


def _object(number: int, part: Part) -> str:
    corners = sorted({point for triangle in part.triangles for point in triangle})
    numbers = {point: i for i, point in enumerate(corners)}
    vertices = "".join(f'<vertex x="{x:.5g}" y="{y:.5g}" z="{z:.5g}"/>' for x, y, z in corners)
    faces = "".join(
        f'<triangle v1="{numbers[a]}" v2="{numbers[b]}" v3="{numbers[c]}"/>'
        for a, b, c in part.triangles
    )
    mesh = f"<mesh><vertices>{vertices}</vertices><triangles>{faces}</triangles></mesh>"
    return f'  <object id="{number}" type="model" name={quoteattr(part.name)}>{mesh}</object>\n'


def _project_objects(parts: Sequence[Part]) -> bytes:
    rows = "".join(
        f' <object id="{number}">\n'
        + _metadata({"name": part.name, "extruder": 1}, indent=2)
        + " </object>\n"
        for number, part in enumerate(parts, 1)
    )
    plate = _metadata({"plater_id": 1, "plater_name": "", "locked": "false"}, indent=2)
    return f"{_HEAD}<config>\n{rows} <plate>\n{plate} </plate>\n</config>\n".encode()
