"""Does a plate fit what a printer is and has loaded: pure, decided at the claim."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from contracts.loaded import Loaded, PlateSummary
from contracts.waiting import Param, WaitReason
from services.jobs.mapping import AMS_SLOTS, Feed, assign, feed_from, is_same_type, slots_of
from services.jobs.models import CLEARANCE_MM, MODELS, is_same_family, name_of

SAME_NOZZLE_MM = 0.01
_AXES = "xyz"


@dataclass(frozen=True)
class FitRules:
    """What the operator allows: see services.jobs.shop."""

    allows_family: bool = False
    max_print_s: int | None = None


@dataclass(frozen=True)
class Fit:
    """It fits; the mapping has one slot per filament of the project, -1 where it is not used."""

    use_ams: bool
    ams_mapping: tuple[int, ...]
    feeds: tuple[Feed, ...]


_ANY_PRINTER = FitRules()
_Check = Callable[[PlateSummary, Loaded, FitRules], WaitReason | None]


def fit(plate: PlateSummary, loaded: Loaded, rules: FitRules = _ANY_PRINTER) -> Fit | WaitReason:
    """Return how the plate would be printed, or the first thing that somebody must change.

    What the file or the printer does not say is not held against them.
    """
    for check in _CHECKS:
        reason = check(plate, loaded, rules)
        if reason is not None:
            return reason
    return _feed(plate, loaded)


def too_long(plate: PlateSummary, max_print_s: int | None) -> WaitReason | None:
    """Return why the print takes longer than allowed, or None."""
    if max_print_s is None or plate.estimate_s is None or plate.estimate_s <= max_print_s:
        return None
    return _reason(
        "too_long",
        f"It takes about {_hours(plate.estimate_s)}; prints of at most {_hours(max_print_s)} are "
        "allowed here. Split the plate or slice it faster.",
        estimate_s=plate.estimate_s,
        limit_s=max_print_s,
    )


def _model(plate: PlateSummary, loaded: Loaded, rules: FitRules) -> WaitReason | None:
    if not plate.model or not loaded.model or plate.model == loaded.model:
        return None
    if rules.allows_family and is_same_family(plate.model, loaded.model):
        return None
    needs, has = name_of(plate.model), name_of(loaded.model)
    return _reason(
        "wrong_model",
        f"The file is sliced for {needs}, the printer is a {has}. Choose {has} in the slicer, "
        "slice again and submit that file.",
        needs=needs,
        has=has,
    )


def _nozzle(plate: PlateSummary, loaded: Loaded, _: FitRules) -> WaitReason | None:
    needs, has = plate.nozzle_mm, loaded.nozzle_mm
    if not needs or not has or abs(needs - has) <= SAME_NOZZLE_MM:
        return None
    return _reason(
        "wrong_nozzle",
        f"The file is sliced for a {needs:g} mm nozzle, the printer has {has:g} mm. Choose a "
        f"{has:g} mm nozzle in the slicer, or change the printer's nozzle.",
        needs_mm=needs,
        has_mm=has,
    )


def _volume(plate: PlateSummary, loaded: Loaded, _: FitRules) -> WaitReason | None:
    model = MODELS.get(loaded.model)
    if model is None or plate.bounds_mm is None:
        return None
    low, high = plate.bounds_mm[:3], plate.bounds_mm[3:]
    for axis, first, last, room in zip(_AXES, low, high, model.volume_mm, strict=True):
        if first < -CLEARANCE_MM or last > room + CLEARANCE_MM:
            return _reason(
                "too_large",
                f"The print reaches from {first:.0f} to {last:.0f} mm along {axis.upper()}; the "
                f"{model.name} has 0 to {room:.0f} mm. Move it or make it smaller in the slicer.",
                axis=axis,
                from_mm=round(first, 1),
                to_mm=round(last, 1),
                room_mm=room,
                model=model.name,
            )
    return None


def _corner(plate: PlateSummary, loaded: Loaded, _: FitRules) -> WaitReason | None:
    """Judge only what the bounds prove: that some line lies in the corner kept free."""
    model = MODELS.get(loaded.model)
    if model is None or model.corner_mm is None or plate.bounds_mm is None:
        return None
    min_x, min_y, _z, max_x, max_y, _height = plate.bounds_mm
    wide, deep = (side - CLEARANCE_MM for side in model.corner_mm)
    is_inside = (min_x < wide and max_y < deep) or (min_y < deep and max_x < wide)
    if not is_inside:
        return None
    return _reason(
        "in_corner",
        f"The print uses the front left corner, which the {model.name} needs for its nozzle "
        f"({model.corner_mm[0]:g} x {model.corner_mm[1]:g} mm). Move it in the slicer.",
        model=model.name,
        width_mm=model.corner_mm[0],
        depth_mm=model.corner_mm[1],
    )


def _time(plate: PlateSummary, _: Loaded, rules: FitRules) -> WaitReason | None:
    return too_long(plate, rules.max_print_s)


_CHECKS: tuple[_Check, ...] = (_model, _nozzle, _volume, _corner, _time)


def _feed(plate: PlateSummary, loaded: Loaded) -> Fit | WaitReason:
    """Return which tray feeds what: the AMS first, then the external spool."""
    if not plate.filaments:
        return Fit(use_ams=False, ams_mapping=(), feeds=())
    if loaded.has_ams:
        feeds = assign(plate.filaments, loaded.filaments)
        if feeds is not None:
            slots = slots_of(feeds, plate.project_filaments)
            return Fit(use_ams=True, ams_mapping=slots, feeds=feeds)
    spool = next((tray for tray in loaded.filaments if tray.slot not in AMS_SLOTS), None)
    if spool is not None and len(plate.filaments) == 1:
        needed = plate.filaments[0]
        if not spool.type or is_same_type(spool.type, needed.type):
            return Fit(use_ams=False, ams_mapping=(), feeds=(feed_from(needed, spool),))
    return _nothing_feeds(plate, loaded)


def _nothing_feeds(plate: PlateSummary, loaded: Loaded) -> WaitReason:
    needs = _materials([filament.type for filament in plate.filaments])
    has = _materials([tray.type for tray in loaded.filaments])
    if len(plate.filaments) > 1 and not loaded.has_ams:
        return _reason(
            "needs_ams",
            f"The plate uses {len(plate.filaments)} filaments and the printer has no AMS. Use one "
            "filament in the slicer, or attach an AMS.",
            filaments=len(plate.filaments),
        )
    counted = Counter(filament.type.strip().upper() for filament in plate.filaments)
    loaded_counted = Counter(tray.type.strip().upper() for tray in loaded.filaments)
    lacking = sorted(material for material in counted if not loaded_counted[material])
    if lacking:
        missing = ", ".join(lacking)
        return _reason(
            "not_loaded",
            f"It needs {needs}; loaded is {has or 'nothing known'}. Load {missing}, or slice it "
            "for what is loaded.",
            needs=needs,
            has=has,
            missing=missing,
        )
    return _reason(
        "too_few_trays",
        f"It needs {needs}, each in a tray of its own; loaded is {has}. Load what is missing, or "
        "use fewer filaments in the slicer.",
        needs=needs,
        has=has,
    )


def _materials(types: list[str]) -> str:
    """Return materials with their number: "2 x PLA, PETG"."""
    counted = Counter(material for material in types if material)
    named = (f"{count} x {name}" if count > 1 else name for name, count in sorted(counted.items()))
    return ", ".join(named)[:60]


def _hours(seconds: int) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _reason(code: str, text: str, **params: Param) -> WaitReason:
    return WaitReason(code=code, params=params, text=text[:300])
