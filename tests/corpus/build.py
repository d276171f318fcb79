"""`python -m tests.corpus.build [NAMES]`: slices the honest corpus again, or these of it.

Needs Debian's prusa-slicer, slic3r, cura-engine, and cura for its definitions.

All programs are really sliced. Files named synthetic-* carry a head that imitates another slicer's.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from samples import meshes, slicing
from samples.slicing import PETG, PLA, Material, Sliced, slice_model
from samples.threemf import Filament, Plate, SlicedFile, pack
from tests.corpus.cura import slice_with_cura
from tests.corpus.models import MODELS

FOLDER = Path(__file__).parent / "honest"
TOLD = FOLDER / "told.json"
ABS = Material("ABS", 1.04, 260, 90, 12, 20)
TPU = Material("TPU", 1.21, 225, 40, 3, 100)
SLICER_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Recipe:
    """A plate: what is printed of what, and by which slicer."""

    model: str
    material: Material = PLA
    layer_mm: float = 0.2
    slicer: str = "prusa-slicer"
    options: Mapping[str, str] = field(default_factory=dict)
    """Of prusa-slicer, besides the usual."""
    colors: tuple[str, ...] = ("#F2754E",)

    @property
    def has_supports(self) -> bool:
        """Whether the slicer was told to make some."""
        return self.options.get("support_material") == "1"

    @property
    def beyond_mm(self) -> float:
        """How far supports and brim may reach beyond the model."""
        return (6.0 if self.has_supports else 0.0) + float(self.options.get("brim_width", 0))


SUPPORTS = {"support_material": "1", "support_material_auto": "1"}
DENSE = {"brim_width": "3", "fill_density": "60%", "fill_pattern": "honeycomb", "perimeters": "4"}
SPIRAL = {"spiral_vase": "1", "perimeters": "1", "fill_density": "0%", "top_solid_layers": "0"}
CHANGE = "M620 S[next_extruder]A\\nT[next_extruder]\\nM621 S[next_extruder]A"
BEGIN = CHANGE.replace("next", "initial")
TWO_COLORS = {
    "nozzle_diameter": "0.4,0.4",
    "single_extruder_multi_material": "1",
    "wipe_tower": "0",
    "infill_extruder": "2",
    "solid_infill_extruder": "2",
    "toolchange_gcode": CHANGE,
    "start_gcode": slicing.START_GCODE.replace("\n", "\\n") + "\\n" + BEGIN,
}


RECIPES: dict[str, Sequence[Recipe]] = {
    "cube-pla": [Recipe("cube")],
    "cube-petg-coarse": [Recipe("cube", PETG, 0.28)],
    "cube-abs-fine": [Recipe("cube", ABS, 0.12)],
    "wheel-pla": [Recipe("wheel")],
    "wheel-tpu": [Recipe("wheel", TPU, 0.24)],
    "ring-pla": [Recipe("ring", PLA, 0.16)],
    "hook-petg": [Recipe("hook", PETG)],
    "cone-pla": [Recipe("cone")],
    "barrel-abs": [Recipe("barrel", ABS, 0.24)],
    "hexagon-pla": [Recipe("hexagon", PLA, 0.3)],
    "pyramid-tpu": [Recipe("pyramid", TPU, 0.25)],
    "mushroom-petg": [Recipe("mushroom", PETG, 0.28)],
    "coin-pla": [Recipe("coin")],
    "two-plates": [Recipe("coin"), Recipe("cone", PETG)],
    "three-plates": [Recipe("hexagon"), Recipe("coin", ABS), Recipe("cube", TPU, 0.28)],
    "slic3r-cube": [Recipe("cube", slicer="slic3r")],
    "slic3r-cone": [Recipe("cone", PETG, 0.25, slicer="slic3r")],
    "slic3r-coin": [Recipe("coin", ABS, 0.15, slicer="slic3r")],
    "slic3r-barrel": [Recipe("barrel", PLA, 0.3, slicer="slic3r")],
    "mushroom-supports": [Recipe("mushroom", PLA, options=SUPPORTS)],
    "hook-brim-dense": [Recipe("hook", ABS, 0.16, options=DENSE)],
    "cone-spiral": [Recipe("cone", PETG, 0.24, options=SPIRAL)],
    "wheel-two-colors": [Recipe("wheel", options=TWO_COLORS, colors=("#F2754E", "#1F79E5"))],
    "coin-two-colors": [Recipe("coin", PETG, options=TWO_COLORS, colors=("#FFFFFF", "#00AE42"))],
    "cura-ring": [Recipe("ring", slicer="cura")],
    "cura-barrel": [Recipe("barrel", PETG, 0.15, slicer="cura")],
    "three-slicers": [
        Recipe("coin", slicer="cura"),
        Recipe("coin", slicer="slic3r"),
        Recipe("mushroom", ABS, 0.2, options=SUPPORTS),
    ],
    "mixed-slicers": [Recipe("coin", slicer="slic3r"), Recipe("coin")],
    "synthetic-studio-1": [Recipe("hexagon")],
    "synthetic-studio-2": [Recipe("cone", PETG)],
    "synthetic-orca": [Recipe("pyramid", ABS)],
}
HEADS = {
    "synthetic-studio-1": b"; BambuStudio 01.09.00.70",
    "synthetic-studio-2": b"; BambuStudio 02.04.00.70",
    "synthetic-orca": b"; OrcaSlicer 2.3.0",
}


def main(wanted: Sequence[str]) -> None:
    """Write the files, and what the slicers said of each."""
    FOLDER.mkdir(exist_ok=True)
    told: dict[str, list[dict[str, object]]] = json.loads(TOLD.read_text()) if wanted else {}
    for name in wanted or RECIPES:
        recipes = RECIPES[name]
        with tempfile.TemporaryDirectory(prefix="layerline-corpus-") as folder:
            sliced = [_slice(recipe, Path(folder)) for recipe in recipes]
        if name in HEADS:
            sliced = [_with_head(one, HEADS[name]) for one in sliced]
        plates = tuple(
            _plate(i, *pair) for i, pair in enumerate(zip(recipes, sliced, strict=True), 1)
        )
        content = pack(SlicedFile(plates))
        (FOLDER / f"{name}.gcode.3mf").write_bytes(content)
        told[name] = [_told(*pair) for pair in zip(recipes, sliced, strict=True)]
        sys.stdout.write(f"{name}: {len(content):,} bytes\n")
        sys.stdout.flush()
    TOLD.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n")


def _slice(recipe: Recipe, folder: Path) -> Sliced:
    path = folder / f"{recipe.model}.stl"
    path.write_bytes(meshes.stl(MODELS[recipe.model]))
    if recipe.slicer == "prusa-slicer":
        return slice_model(path, folder, recipe.material, recipe.layer_mm, recipe.options)
    if recipe.slicer == "cura":
        return slice_with_cura(path, recipe.material, recipe.layer_mm)
    return _slic3r(path, recipe)


def _slic3r(path: Path, recipe: Recipe) -> Sliced:
    """Return what slic3r makes of it, with marks; it estimates no time."""
    output, material = path.with_suffix(".gcode"), recipe.material
    options = {
        "bed-shape": "0x0,256x0,256x256,0x256",
        "print-center": "128,128",
        "gcode-flavor": "reprap",
        "layer-height": str(recipe.layer_mm),
        "first-layer-height": str(recipe.layer_mm),
        "nozzle-diameter": "0.4",
        "filament-diameter": "1.75",
        "temperature": str(material.nozzle_c),
        "first-layer-temperature": str(material.nozzle_c),
        "bed-temperature": str(material.bed_c),
        "first-layer-bed-temperature": str(material.bed_c),
        "skirts": "0",
        "start-gcode": "G28\\nG29",
        "end-gcode": "M104 S0\\nM140 S0\\nM84",
        "layer-gcode": slicing.LAYER_MARK + " [layer_num]",
        "output": str(output),
    }
    flags = [word for key, value in options.items() for word in (f"--{key}", value)]
    subprocess.run(
        ["slic3r", *flags, "--use-relative-e-distances", str(path)],
        check=True,
        capture_output=True,
        timeout=SLICER_TIMEOUT_S,
    )
    text = output.read_text()
    used = re.search(r"filament used = ([\d.]+)mm", text)
    assert used is not None
    text += (
        f"\n; estimated printing time (normal mode) = 10m 0s\n; filament used [mm] = {used[1]}\n"
    )
    return slicing.dressed(text, material, {"layer_height": str(recipe.layer_mm)})


def _with_head(sliced: Sliced, head: bytes) -> Sliced:
    return replace(sliced, gcode=sliced.gcode.replace(b"; Layerline samples", head, 1))


def _plate(index: int, recipe: Recipe, sliced: Sliced) -> Plate:
    used_m = sliced.used_m_each or (sliced.used_m,)
    filaments = tuple(
        Filament(
            number, recipe.material.type, color, length, sliced.used_g * length / sliced.used_m
        )
        for number, (color, length) in enumerate(zip(recipe.colors, used_m, strict=True), index)
    )
    low, high = meshes.extent(MODELS[recipe.model])
    x, y = (high[0] - low[0]) / 2, (high[1] - low[1]) / 2
    return Plate(
        index=index,
        gcode=sliced.gcode,
        prediction_s=sliced.prediction_s,
        filaments=filaments,
        object_name=f"{recipe.model}.stl",
        name=recipe.model,
        layer_height_mm=recipe.layer_mm,
        box_mm=(128 - x, 128 - y, 128 + x, 128 + y),
        has_supports=recipe.has_supports,
    )


def _told(recipe: Recipe, sliced: Sliced) -> dict[str, object]:
    low, high = meshes.extent(MODELS[recipe.model])
    return {
        "estimate_s": sliced.prediction_s,
        "layers": sliced.layers,
        "weight_g": round(sliced.used_g, 2),
        "used_m": [round(length, 2) for length in sliced.used_m_each or (sliced.used_m,)],
        "has_supports": recipe.has_supports,
        "layer_mm": recipe.layer_mm,
        "beyond_mm": recipe.beyond_mm,
        "type": recipe.material.type,
        "width_mm": round(high[0] - low[0], 3),
        "depth_mm": round(high[1] - low[1], 3),
        "height_mm": round(high[2] - low[2], 3),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
