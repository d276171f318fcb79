"""Does a plate fit what a printer has loaded: pure, decided at the claim."""

from dataclasses import dataclass

from contracts.loaded import Loaded, LoadedFilament, NeededFilament, PlateSummary

AMS_SLOTS = range(16)
UNUSED = -1


@dataclass(frozen=True)
class Fit:
    """It fits; the mapping has one slot per filament of the project, -1 where it is not used."""

    use_ams: bool
    ams_mapping: tuple[int, ...]


@dataclass(frozen=True)
class Misfit:
    """It does not fit, and what would have to change."""

    reason: str


def fit(plate: PlateSummary, loaded: Loaded) -> Fit | Misfit:
    """Return how the plate would be printed, or why it can't be.

    What the file does not say is not held against it; each filament needs a tray with its type,
    the same colour before another.
    """
    if plate.model and loaded.model and plate.model != loaded.model:
        return Misfit(f"sliced for {plate.model}, the printer is {loaded.model}")
    if plate.nozzle_mm and loaded.nozzle_mm and plate.nozzle_mm != loaded.nozzle_mm:
        return Misfit(
            f"sliced for a {plate.nozzle_mm:g} mm nozzle, the printer has {loaded.nozzle_mm:g} mm"
        )
    if not plate.filaments:
        return Fit(use_ams=False, ams_mapping=())
    in_ams = _map_to_ams(plate, loaded)
    if in_ams is not None:
        return Fit(use_ams=True, ams_mapping=in_ams)
    if _fits_external_spool(plate, loaded):
        return Fit(use_ams=False, ams_mapping=())
    needs = ", ".join(sorted({filament.type for filament in plate.filaments}))
    has = ", ".join(sorted({f.type for f in loaded.filaments if f.type})) or "nothing known"
    return Misfit(f"needs {needs}, loaded is {has}")


def _map_to_ams(plate: PlateSummary, loaded: Loaded) -> tuple[int, ...] | None:
    """Return the slot of each filament; a tray serves one of them."""
    if not loaded.has_ams:
        return None
    free = [tray for tray in loaded.filaments if tray.slot in AMS_SLOTS]
    length = max(plate.project_filaments, *(needed.index for needed in plate.filaments))
    mapping = [UNUSED] * length
    # The right colour for all that can have it, before another colour takes its tray.
    for matches in (_is_same_color, _is_same_type):
        for needed in plate.filaments:
            if mapping[needed.index - 1] != UNUSED:
                continue
            tray = next((tray for tray in free if matches(tray, needed)), None)
            if tray is not None:
                free.remove(tray)
                mapping[needed.index - 1] = tray.slot
    if any(mapping[needed.index - 1] == UNUSED for needed in plate.filaments):
        return None
    return tuple(mapping)


def _is_same_type(tray: LoadedFilament, needed: NeededFilament) -> bool:
    return _same(tray.type, needed.type)


def _is_same_color(tray: LoadedFilament, needed: NeededFilament) -> bool:
    return _is_same_type(tray, needed) and _same(tray.color[:7], needed.color[:7])


def _fits_external_spool(plate: PlateSummary, loaded: Loaded) -> bool:
    """One filament, and the external spool has its type (or can't tell what it has)."""
    spools = [tray for tray in loaded.filaments if tray.slot not in AMS_SLOTS]
    if len(plate.filaments) != 1 or not spools:
        return False
    return not spools[0].type or _same(spools[0].type, plate.filaments[0].type)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
