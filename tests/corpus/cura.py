"""Slicing with CuraEngine. Debian's `cura-engine` brings no definitions; those are in `cura`."""

import os
import re
import subprocess
from pathlib import Path

from samples import slicing
from samples.slicing import Material, Sliced

DEFINITIONS = Path(os.environ.get("CURA_DEFINITIONS", "/usr/share/cura/resources/definitions"))
TIMEOUT_S = 120.0
_EXTRUDED = re.compile(r"^G1 .*?E(-?[\d.]+)", re.MULTILINE)
_ELAPSED = re.compile(r"^;TIME_ELAPSED:([\d.]+)", re.MULTILINE)


def slice_with_cura(path: Path, material: Material, layer_mm: float) -> Sliced:
    """Return what CuraEngine makes of a model, with marks."""
    output = path.with_suffix(".gcode")
    whole = {
        "machine_width": slicing.BED_MM,
        "machine_depth": slicing.BED_MM,
        "machine_height": slicing.BED_MM,
        "machine_center_is_zero": "false",
        "machine_start_gcode": "G28\nG29",
        "machine_end_gcode": "M104 S0\nM140 S0\nM84",
        "center_object": "true",
        "layer_height": layer_mm,
        "layer_height_0": layer_mm,
        "adhesion_type": "none",
        "relative_extrusion": "true",
        "roofing_layer_count": 0,
        "material_bed_temperature": material.bed_c,
        "material_bed_temperature_layer_0": material.bed_c,
    }
    nozzle = {
        "material_diameter": slicing.FILAMENT_MM,
        "machine_nozzle_size": slicing.NOZZLE_MM,
        "material_print_temperature": material.nozzle_c,
        "material_print_temperature_layer_0": material.nozzle_c,
    }
    command = ["CuraEngine", "slice", "-j", str(DEFINITIONS / "fdmprinter.def.json")]
    for settings, begin in ((whole, []), (nozzle, ["-e0"])):
        command += begin
        command += [word for key, value in settings.items() for word in ("-s", f"{key}={value}")]
    subprocess.run(
        [*command, "-o", str(output), "-e0", "-l", str(path)],
        check=True,
        capture_output=True,
        timeout=TIMEOUT_S,
        env={**os.environ, "CURA_ENGINE_SEARCH_PATH": str(DEFINITIONS.parent / "extruders")},
    )
    text = output.read_text()
    seconds = round(float(_ELAPSED.findall(text)[-1]))
    used_mm = sum(float(length) for length in _EXTRUDED.findall(text))
    text = re.sub(r"^;LAYER:(\d+)$", rf"{slicing.LAYER_MARK} \1", text, flags=re.MULTILINE)
    # Its head is written before it knows: what it says there is no time and no filament.
    text = re.sub(r"^;(?:TIME|Filament used|M(?:IN|AX)[XYZ]):.*\n", "", text, flags=re.MULTILINE)
    text += f"\n; estimated printing time (normal mode) = {seconds}s\n"
    text += f"; filament used [mm] = {used_mm:.2f}\n"
    return slicing.dressed(text, material, {"layer_height": str(layer_mm)})
