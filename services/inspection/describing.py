"""One plate's summary, from all that the file says of it: the most exact source first."""

from dataclasses import dataclass

from contracts.findings import Finding, Severity
from contracts.loaded import NeededFilament, PlateObject, PlateSummary
from services.inspection.header import Header
from services.inspection.machines import id_of_name, name_of
from services.inspection.numbers import number, whole
from services.inspection.program import Scan
from services.inspection.settings import PlateNames, Settings
from services.inspection.slice_info import PlateInfo
from services.inspection.slicer_words import said_by_slicer

MAX_OBJECTS = 64
TIME_TOLERANCE, TIME_TOLERANCE_S = 0.1, 120
_BEDS = {
    "cool_plate": "Cool Plate",
    "eng_plate": "Engineering Plate",
    "hot_plate": "High Temp Plate",
    "supertack_plate": "Cool Plate SuperTack",
    "textured_cool_plate": "Textured Cool Plate",
    "textured_plate": "Textured PEI Plate",
}
"""What a plate's own notes call its bed, and what people call it. [S] slicers' sources"""


@dataclass(frozen=True)
class Notes:
    """The slicer's notes on one plate."""

    info: PlateInfo | None
    names: PlateNames
    project: Settings
    plate: Settings

    def model(self) -> str | None:
        """Return the model id; older slicers say only the model's name."""
        if self.info and (model := self.info.values.get("printer_model_id")):
            return model[:32]
        name = self.project.text("printer_model")
        return (id_of_name(name) or name[:32]) if name else None

    def nozzle(self) -> float | None:
        """Return the nozzle's diameter in mm."""
        told = self.info.values.get("nozzle_diameters", "").split(",")[0] if self.info else ""
        told = told or self.project.text("nozzle_diameter") or ""
        return number(told or self.plate.text("nozzle_diameter"), most=10, what="nozzle")

    def bed(self) -> str | None:
        """Return the bed's name: each plate may have another than the project."""
        own = self.plate.text("bed_type")
        return (_BEDS.get(own, own) if own else None) or self.project.text("curr_bed_type")


def describe(index: int, notes: Notes, header: Header, scanned: Scan) -> PlateSummary:
    """Return the plate's summary with all findings."""
    info = notes.info or PlateInfo()
    estimate = info.number("prediction", most=1e7)
    estimate_s = int(estimate) if estimate is not None else header.time_s
    weight_g = info.number("weight", most=1e5)
    if weight_g is None:
        weight_g = header.number("total filament weight")
    findings = [
        *scanned.findings,
        *_differences(notes, header, scanned, estimate_s),
        *said_by_slicer(info.warnings),
    ]
    has_supports = info.flag("support_used")
    if has_supports is None:
        has_supports = {"1": True, "0": False}.get(notes.project.text("enable_support") or "")
    return PlateSummary(
        index=index,
        gcode_path=f"Metadata/plate_{index}.gcode",
        model=notes.model(),
        nozzle_mm=notes.nozzle(),
        estimate_s=estimate_s,
        weight_g=weight_g,
        filaments=tuple(_filament(needed, notes, scanned) for needed in info.filaments),
        project_filaments=info.project_filaments,
        name=notes.names.names.get(index, ""),
        layers=header.layers or scanned.layers,
        layer_height_mm=_layer_height(notes, header),
        height_mm=header.number("max_z_height") or (scanned.bounds_mm or (None,) * 6)[5],
        bed_type=notes.bed(),
        has_supports=has_supports,
        objects=_objects(info, notes),
        bounds_mm=scanned.bounds_mm,
        findings=tuple(sorted(findings, key=lambda f: list(Severity).index(f.severity))),
    )


def _layer_height(notes: Notes, header: Header) -> float | None:
    """Return what all objects of the plate have; else what the program or the project says."""
    own = {_height(part) for part in notes.plate.parts("bbox_objects")} - {None}
    if len(own) == 1:
        return own.pop()
    return header.number("layer_height") or _height(notes.project)


def _height(settings: Settings) -> float | None:
    try:
        height = float(settings.text("layer_height") or "")
    except ValueError:
        return None
    return round(height, 3) if 0 < height < 10 else None


def _objects(info: PlateInfo, notes: Notes) -> tuple[PlateObject, ...]:
    """Return the objects; older slicers name them only in the plate's own notes."""
    if info.objects:
        return tuple(info.objects[:MAX_OBJECTS])
    told = notes.plate.parts("bbox_objects")[:MAX_OBJECTS]
    return tuple(
        PlateObject(id=whole(part.text("id"), most=2**31 - 1) or 0, name=part.text("name") or "")
        for part in told
    )


def _filament(needed: NeededFilament, notes: Notes, scanned: Scan) -> NeededFilament:
    support = notes.project.texts("filament_is_support")
    told = support[needed.index - 1] if needed.index <= len(support) else ""
    return needed.model_copy(
        update={
            "in_ams": needed.index - 1 in scanned.changed_to,
            "is_support": {"1": True, "0": False}.get(told),
        }
    )


def _differences(
    notes: Notes, header: Header, scanned: Scan, estimate_s: int | None
) -> list[Finding]:
    """Return findings on what the slicer's notes and the program say differently."""
    found: list[Finding] = []

    def add(severity: Severity, code: str, text: str) -> None:
        found.append(Finding(severity=severity, code=code, text=text, line=None, count=1))

    model, told = notes.model(), id_of_name(header.pairs.get("printer_model", ""))
    if model and told and model != told:
        add(
            Severity.REFUSE,
            "model_mismatch",
            f"The file says that it is for the {name_of(model)}, its program is for the "
            f"{name_of(told)}. Slice and export it again.",
        )
    if model is None:
        add(Severity.WARN, "model_unknown", "The file does not say which printer it is for.")
    if estimate_s and header.time_s:
        apart = abs(estimate_s - header.time_s)
        if apart > max(TIME_TOLERANCE_S, TIME_TOLERANCE * header.time_s):
            add(Severity.WARN, "time_differs", "The program takes another time than the file says.")
    if header.layers and scanned.layers and header.layers != scanned.layers:
        add(
            Severity.NOTE,
            "layers_differ",
            f"The program says {header.layers} layers and announces {scanned.layers}.",
        )
    if notes.info and notes.info.flag("outside"):
        add(Severity.WARN, "outside_plate", "The slicer says that something is outside the plate.")
    return found
