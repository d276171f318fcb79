"""Each hostile file is refused for its own reason; the samples are not."""

from pathlib import Path

import pytest

from services.inspection.archive import inspect
from services.inspection.refusal import Refusal
from tests.builders import threemf
from tests.corpus.hostile import HOSTILE, program

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


def test_there_are_forty_of_them() -> None:
    assert len(HOSTILE) >= 40


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_file_is_refused_for_its_reason(name: str, tmp_path: Path) -> None:
    path = tmp_path / "hostile.3mf"
    path.write_bytes(HOSTILE[name].make())
    with pytest.raises(Refusal) as refusal:
        inspect(path)
    assert refusal.value.code in HOSTILE[name].codes, refusal.value.sentence
    assert refusal.value.sentence.endswith(".")


def test_file_that_the_hostile_ones_are_made_from_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "good.3mf"
    path.write_bytes(program())
    (plate,) = inspect(path).plates
    assert plate.findings == ()
    assert plate.bounds_mm == (120, 120, 0.2, 140, 140, 0.6)


@pytest.mark.parametrize("name", sorted(threemf.BARE))
def test_unusual_file_is_taken(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bare.3mf"
    path.write_bytes(threemf.BARE[name]())
    assert inspect(path).plates
