"""Really sliced files: taken without a finding, and read as their slicer wrote them."""

import json
from pathlib import Path
from typing import Any

import pytest
from bambox.validate import validate_3mf

from contracts.loaded import PlateSummary
from services.inspection.archive import inspect
from tests.corpus.build import FOLDER, HEADS, RECIPES

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
FILES = sorted(FOLDER.glob("*.3mf"))
TOLD: dict[str, list[dict[str, Any]]] = json.loads((FOLDER / "told.json").read_text())
NEAR_MM = 1.2
"""A line is 0.45 mm wide, and a slope is steps."""


def test_the_corpus_is_large_enough() -> None:
    real = [recipes for name, recipes in RECIPES.items() if name not in HEADS]
    models = {recipe.model for recipes in real for recipe in recipes}
    slicers = {recipe.slicer for recipes in real for recipe in recipes}
    assert (len(real) >= 20, len(models) >= 8) == (True, True)
    assert slicers == {"prusa-slicer", "slic3r", "cura"}
    assert {path.name.removesuffix(".gcode.3mf") for path in FILES} == set(RECIPES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_honest_file_is_read_as_its_slicer_wrote_it(path: Path) -> None:
    name = path.name.removesuffix(".gcode.3mf")
    inspection = inspect(path)
    for plate, told in zip(inspection.plates, TOLD[name], strict=True):
        _must_be_as_told(plate, told)
    assert inspection.slicer is not None
    assert inspection.slicer.name == "Layerline-samples"
    assert (name in HEADS) == name.startswith("synthetic-")


def _must_be_as_told(plate: PlateSummary, told: dict[str, Any]) -> None:
    assert plate.findings == ()
    assert (plate.model, plate.nozzle_mm) == ("C12", 0.4)
    assert (plate.has_supports, plate.layer_height_mm) == (told["has_supports"], told["layer_mm"])
    assert [thing.name for thing in plate.objects] == [f"{plate.name}.stl"]
    assert plate.bed_type == "Textured PEI Plate"
    assert (plate.estimate_s, plate.layers) == (told["estimate_s"], told["layers"])
    assert plate.weight_g == pytest.approx(told["weight_g"], abs=0.006)
    assert [needed.used_m for needed in plate.filaments] == told["used_m"]
    assert {needed.type for needed in plate.filaments} == {told["type"]}
    assert {needed.in_ams for needed in plate.filaments} == {len(told["used_m"]) > 1}
    assert plate.bounds_mm is not None
    x0, y0, _, x1, y1, z1 = plate.bounds_mm
    beyond = 2 * told["beyond_mm"]
    assert -NEAR_MM < (x1 - x0) - told["width_mm"] < beyond + NEAR_MM
    assert -NEAR_MM < (y1 - y0) - told["depth_mm"] < beyond + NEAR_MM
    assert abs(z1 - told["height_mm"]) < NEAR_MM


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.gcode.3mf")), ids=lambda path: path.name)
def test_sample_has_no_finding(path: Path) -> None:
    assert [plate.findings for plate in inspect(path).plates if plate.findings] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_another_validator_takes_it_too(path: Path) -> None:
    assert [error.code for error in validate_3mf(path).errors] == []
