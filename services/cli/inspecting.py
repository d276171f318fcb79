"""Looking into a .3mf from the command line."""

import argparse
import json
import sys
from pathlib import Path

from contracts.inspection import ArtifactInspection, PlateSummary
from contracts.loaded import NeededFilament
from services.cli.failure import CliError
from services.inspection.archive import inspect
from services.inspection.machines import name_of
from services.inspection.refusal import Refusal

EXIT_REFUSED = 1


def inspect_file(options: argparse.Namespace) -> None:
    """Print what is in a file; exit 1 if it would be refused."""
    path: Path = options.file
    if not path.is_file():
        raise CliError(f"there is no file {path}")
    try:
        inspection = inspect(path)
    except Refusal as refusal:
        if options.json:
            print(json.dumps({"code": refusal.code, "refusal": refusal.sentence}, indent=1))
        else:
            print(f"{path.name}: refused ({refusal.code}). {refusal.sentence}")
        sys.exit(EXIT_REFUSED)
    print(inspection.model_dump_json(indent=1) if options.json else _text(path, inspection))


def _text(path: Path, inspection: ArtifactInspection) -> str:
    slicer = inspection.slicer
    made = f", made by {slicer.name} {slicer.version}".rstrip() if slicer else ""
    rows = [f"{path.name}: {len(inspection.plates)} plate(s){made}"]
    for plate in inspection.plates:
        rows += _plate(plate)
    return "\n".join(rows)


def _plate(plate: PlateSummary) -> list[str]:
    facts = [
        f"for {name_of(plate.model)}" if plate.model else "",
        f"{plate.nozzle_mm:g} mm nozzle" if plate.nozzle_mm else "",
        f"{(plate.estimate_s + 59) // 60} min" if plate.estimate_s is not None else "",
        f"{plate.weight_g:g} g" if plate.weight_g is not None else "",
        f"{plate.layers} layers" if plate.layers else "",
        f"{plate.layer_height_mm:g} mm each" if plate.layer_height_mm else "",
        f"{plate.height_mm:g} mm high" if plate.height_mm else "",
        plate.bed_type or "",
        {True: "with supports", False: "no supports", None: ""}[plate.has_supports],
    ]
    title = f" ({plate.name})" if plate.name else ""
    rows = [f"  plate {plate.index}{title}: {', '.join(fact for fact in facts if fact)}"]
    rows += [_filament(needed) for needed in plate.filaments]
    rows += [f"    object: {thing.name}" for thing in plate.objects]
    if box := plate.bounds_mm:
        rows.append(f"    prints from ({box[0]:g}, {box[1]:g}) to ({box[3]:g}, {box[4]:g}) mm")
    for finding in plate.findings:
        line = f" (line {finding.line:,})" if finding.line else ""
        rows.append(f"    {finding.severity} {finding.code}{line}: {finding.text}")
    return rows


def _filament(needed: NeededFilament) -> str:
    facts = [
        f"{needed.used_g:g} g" if needed.used_g is not None else "",
        f"{needed.used_m:g} m" if needed.used_m is not None else "",
        "for supports" if needed.is_support else "",
        "the program changes to it (AMS)" if needed.in_ams else "",
    ]
    shown = ", ".join([f"{needed.type} {needed.color}", *(fact for fact in facts if fact)])
    return f"    filament {needed.index}: {shown}"
