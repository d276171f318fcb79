"""`python -m samples.build`: slices and packs the sample files again (needs prusa-slicer)."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from samples import meshes
from samples.meshes import Triangle
from samples.pictures import ABOVE, pick_picture, picture
from samples.slicing import BED_MM, PETG, PLA, Material, SlicingFailed, slice_model
from samples.threemf import Filament, Part, Pictures, Plate, SlicedFile, pack, pack_project

FOLDER = Path(__file__).parent
ORANGE, BLUE = "#F2754E", "#1F79E5"
LARGE_PX, SMALL_PX = 512, 128


@dataclass(frozen=True)
class Recipe:
    """A plate to be made; `filament_index` is the filament's place in the project."""

    name: str
    model: Sequence[Triangle]
    material: Material
    color: str
    filament_index: int = 1
    layer_height_mm: float = 0.2


def main() -> int:
    """Write every sample and print its size; return 1 with a sentence if the slicer fails."""
    parser = argparse.ArgumentParser(prog="python -m samples.build", description=__doc__)
    parser.add_argument("--into", type=Path, default=FOLDER, help="the folder to write to")
    folder: Path = parser.parse_args().into
    try:
        for name, recipes in _recipes().items():
            _write(folder / name, pack(_sliced(recipes)))
    except SlicingFailed as exc:
        sys.stderr.write(f"slicing failed: {exc}\n")
        return 1
    parts = (
        Part("gear", meshes.gear()),
        Part("bracket", meshes.moved(meshes.bracket(), (22, -25, 0))),
    )
    together = [triangle for part in parts for triangle in part.triangles]
    _write(folder / "unsliced.3mf", pack_project(parts, picture(together, ORANGE, LARGE_PX)))
    return 0


def _recipes() -> dict[str, tuple[Recipe, ...]]:
    return {
        "cube-small.gcode.3mf": (
            Recipe("cube", meshes.calibration_cube(), PLA, ORANGE, layer_height_mm=0.28),
        ),
        "vase.gcode.3mf": (Recipe("vase", meshes.vase(), PLA, BLUE),),
        "two-plates.gcode.3mf": (
            Recipe("gear", meshes.gear(), PLA, ORANGE),
            Recipe("bracket", meshes.bracket(), PETG, BLUE, 2),
        ),
    }


def _sliced(recipes: Sequence[Recipe]) -> SlicedFile:
    with tempfile.TemporaryDirectory(prefix="layerline-samples-") as folder:
        plates = (_plate(i, recipe, Path(folder)) for i, recipe in enumerate(recipes, 1))
        return SlicedFile(tuple(plates))


def _plate(index: int, recipe: Recipe, workdir: Path) -> Plate:
    path = workdir / f"{recipe.name}.stl"
    path.write_bytes(meshes.stl(recipe.model))
    sliced = slice_model(path, workdir, recipe.material, recipe.layer_height_mm)
    used = Filament(
        recipe.filament_index,
        recipe.material.type,
        recipe.color,
        sliced.used_m,
        sliced.used_g,
    )
    return Plate(
        index=index,
        gcode=sliced.gcode,
        prediction_s=sliced.prediction_s,
        filaments=(used,),
        object_name=f"{recipe.name}.stl",
        name=recipe.name,
        layer_height_mm=recipe.layer_height_mm,
        box_mm=_box(recipe.model),
        pictures=_pictures(recipe, 100 + index),
    )


def _box(model: Sequence[Triangle]) -> tuple[float, float, float, float]:
    """Return where the model stands when it is put in the middle of the bed."""
    low, high = meshes.extent(model)
    x, y = round((high[0] - low[0]) / 2, 3), round((high[1] - low[1]) / 2, 3)
    middle = BED_MM / 2
    return middle - x, middle - y, middle + x, middle + y


def _pictures(recipe: Recipe, object_id: int) -> Pictures:
    model, color = recipe.model, recipe.color
    return Pictures(
        large=picture(model, color, LARGE_PX),
        small=picture(model, color, SMALL_PX),
        no_light=picture(model, color, LARGE_PX, has_plate=False),
        top=picture(model, color, LARGE_PX, view=ABOVE),
        pick=pick_picture(model, object_id, LARGE_PX),
    )


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    sys.stdout.write(f"{path.name}: {len(content):,} bytes\n")


if __name__ == "__main__":
    sys.exit(main())
