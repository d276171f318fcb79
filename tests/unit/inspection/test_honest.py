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
    models = {recipe.model for recipes in RECIPES.values() for recipe in recipes}
    assert (len(FILES) >= 20, len(models) >= 8) == (True, True)
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
    assert (plate.model, plate.nozzle_mm, plate.has_supports) == ("C12", 0.4, False)
    assert (plate.estimate_s, plate.layers) == (told["estimate_s"], told["layers"])
    assert plate.weight_g == told["weight_g"]
    (needed,) = plate.filaments
    assert (needed.type, needed.used_m) == (told["type"], told["used_m"])
    assert plate.bounds_mm is not None
    x0, y0, _, x1, y1, z1 = plate.bounds_mm
    assert abs((x1 - x0) - told["width_mm"]) < NEAR_MM
    assert abs((y1 - y0) - told["depth_mm"]) < NEAR_MM
    assert abs(z1 - told["height_mm"]) < NEAR_MM


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.gcode.3mf")), ids=lambda path: path.name)
def test_sample_has_no_finding(path: Path) -> None:
    assert [plate.findings for plate in inspect(path).plates if plate.findings] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_another_validator_takes_it_too(path: Path) -> None:
    assert [error.code for error in validate_3mf(path).errors] == []
