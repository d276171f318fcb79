"""Honest files that look odd are taken, and what they say can be stored and shown."""

from pathlib import Path

import pytest

from services.inspection.archive import inspect
from tests.builders import threemf
from tests.corpus.odd import ODD
from tests.corpus.rawzip import parts_of, write

INFO = "Metadata/slice_info.config"
PLATE = "Metadata/plate_1.json"


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_file_is_taken_and_can_be_stored(name: str, tmp_path: Path) -> None:
    inspection = inspect(_written(tmp_path, ODD[name]()))
    assert [plate.index for plate in inspection.plates] == [1]
    stored = inspection.model_dump_json()
    assert "\\u0000" not in stored
    stored.encode()


def test_each_plate_has_a_bed_and_layers_of_its_own(tmp_path: Path) -> None:
    members = threemf.members(threemf.two_plates())
    members["Metadata/plate_2.json"] = (
        b'{"bed_type": "eng_plate", "bbox_objects": [{"layer_height": 0.12, "name": "a"}]}'
    )
    first, second = inspect(_written(tmp_path, write(parts_of(members)))).plates
    assert (first.bed_type, first.layer_height_mm) == ("Textured PEI Plate", 0.2)
    assert (second.bed_type, second.layer_height_mm) == ("Engineering Plate", 0.12)


def test_objects_that_only_the_plate_names_are_known(tmp_path: Path) -> None:
    members = threemf.members(threemf.good())
    start, end = members[INFO].index(b"<object"), members[INFO].index(b"<filament")
    members[INFO] = members[INFO][:start] + members[INFO][end:]
    (plate,) = inspect(_written(tmp_path, write(parts_of(members)))).plates
    assert [thing.name for thing in plate.objects] == ["part-1.stl"]


@pytest.mark.parametrize(
    ("message", "level", "severity", "code"),
    [
        ("bed_temperature_too_high_than_filament", "1", "warn", "slicer_bed_hot"),
        ("not_generate_timelapse", "1", "note", "slicer_no_timelapse"),
        ("something_that_is_new", "2", "warn", "slicer_warning"),
        ("something_that_is_new", "0", "note", "slicer_warning"),
    ],
)
def test_what_the_slicer_warns_of_is_a_finding_of_its_plate(
    message: str, level: str, severity: str, code: str, tmp_path: Path
) -> None:
    members = threemf.members(threemf.two_plates())
    before, _, after = members[INFO].rpartition(b"</plate>")
    warning = f'<warning msg="{message}" level="{level}" error_code="1000C001"/></plate>'
    members[INFO] = before + warning.encode() + after
    inspection = inspect(_written(tmp_path, write(parts_of(members))))
    first, second = inspection.plates
    said = [f for f in second.findings if f.code.startswith("slicer")]
    assert [(f.severity, f.code) for f in said] == [(severity, code)]
    assert not [f for f in first.findings if f.code.startswith("slicer")]
    assert inspection.warnings == (message,)


def test_time_that_no_print_takes_is_not_believed(tmp_path: Path) -> None:
    members = threemf.members(threemf.no_slice_info())
    name = "Metadata/plate_1.gcode"
    members[name] = members[name].replace(
        b"total estimated time: 0h", b"total estimated time: 99999999d"
    )
    del members[f"{name}.md5"]
    (plate,) = inspect(_written(tmp_path, write(parts_of(members)))).plates
    assert plate.estimate_s is None


def _written(folder: Path, content: bytes) -> Path:
    path = folder / "a.3mf"
    path.write_bytes(content)
    return path
