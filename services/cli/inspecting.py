"""Looking into a .3mf from the command line."""

import argparse
import json
import sys
from pathlib import Path

from contracts.inspection import ArtifactInspection, PlateSummary
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
    return "\n".join([*rows, *(f"  the slicer warns: {text}" for text in inspection.warnings)])


def _plate(plate: PlateSummary) -> list[str]:
    facts = [
        f"for {name_of(plate.model)}" if plate.model else "",
        f"{plate.nozzle_mm:g} mm nozzle" if plate.nozzle_mm else "",
        f"{(plate.estimate_s + 59) // 60} min" if plate.estimate_s is not None else "",
        f"{plate.weight_g:g} g" if plate.weight_g is not None else "",
        f"{plate.layers} layers" if plate.layers else "",
        plate.bed_type or "",
        "with supports" if plate.has_supports else "",
    ]
    title = f" ({plate.name})" if plate.name else ""
    rows = [f"  plate {plate.index}{title}: {', '.join(fact for fact in facts if fact)}"]
    for needed in plate.filaments:
        grams = f", {needed.used_g:g} g" if needed.used_g is not None else ""
        rows.append(f"    filament {needed.index}: {needed.type} {needed.color}{grams}")
    rows += [f"    object: {thing.name}" for thing in plate.objects]
    if box := plate.bounds_mm:
        rows.append(f"    prints from ({box[0]:g}, {box[1]:g}) to ({box[3]:g}, {box[4]:g}) mm")
    for finding in plate.findings:
        line = f" (line {finding.line:,})" if finding.line else ""
        rows.append(f"    {finding.severity} {finding.code}{line}: {finding.text}")
    return rows
