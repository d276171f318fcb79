"""`layerline inspect` on the command line."""

import json
from pathlib import Path

import pytest

from services.cli.main import main
from tests.builders import threemf

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


def test_sample_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", str(SAMPLES / "cube-small.gcode.3mf")])
    shown = capsys.readouterr().out
    assert "plate 1 (cube): for P1S, 0.4 mm nozzle, 3 min, 0.68 g, 21 layers" in shown


def test_all_of_it_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    main(["inspect", "--json", str(SAMPLES / "two-plates.gcode.3mf")])
    assert [plate["layers"] for plate in json.loads(capsys.readouterr().out)["plates"]] == [30, 70]


def test_refused_file_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.3mf"
    path.write_bytes(threemf.wrong_model())
    with pytest.raises(SystemExit) as end:
        main(["inspect", str(path)])
    assert end.value.code == 1
    assert "refused (wrong_model)" in capsys.readouterr().out
