"""The committed sample files hold together, and an outsider takes them."""

import hashlib
import io
import json
import re
import xml.etree.ElementTree as ET
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from bambox.validate import validate_3mf
from PIL import Image

from tests.builders.threemf import MEGABYTE, members

FOLDER = Path(__file__).resolve().parents[3] / "samples"
PLATES = {
    "cube-small.gcode.3mf": {1: (1, "PLA", "#F2754E")},
    "vase.gcode.3mf": {1: (1, "PLA", "#1F79E5")},
    "two-plates.gcode.3mf": {1: (1, "PLA", "#F2754E"), 2: (2, "PETG", "#1F79E5")},
}
EACH_PLATE = [(name, index) for name, plates in PLATES.items() for index in plates]
PROGRESS = re.compile(r"^M73 P(\d+) R(\d+)$", re.MULTILINE)
MOVE = re.compile(r"^G1(?: X(?P<x>[\d.]+))?(?: Y(?P<y>[\d.]+))?(?: Z(?P<z>[\d.]+))?", re.MULTILINE)


@cache
def opened(name: str) -> dict[str, bytes]:
    return members((FOLDER / name).read_bytes())


def gcode(name: str, index: int) -> str:
    return opened(name)[f"Metadata/plate_{index}.gcode"].decode()


def slice_info(name: str, index: int) -> ET.Element:
    root = ET.fromstring(opened(name)["Metadata/slice_info.config"])  # noqa: S314 - our own file
    (found,) = (p for p in root.iter("plate") if value(p, "index") == str(index))
    return found


def value(plate: ET.Element, key: str) -> str:
    (found,) = (item.get("value", "") for item in plate.iter("metadata") if item.get("key") == key)
    return found


def marks(pattern: str, text: str) -> list[int]:
    return [int(number) for number in re.findall(pattern, text, re.MULTILINE)]


def shows(image: Image.Image, color: str) -> float:
    """Return the share of the picture's points that have the colour's hue, light or dark."""
    wanted = Image.new("RGB", (1, 1), color).convert("HSV").tobytes()[0]
    points = image.convert("RGB").convert("HSV").tobytes()
    near = zip(points[0::3], points[1::3], strict=True)
    return sum(abs(hue - wanted) < 8 and depth > 120 for hue, depth in near) / (len(points) / 3)


def test_all_sample_files_together_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in FOLDER.glob("*.3mf")}
    assert set(sizes) == {*PLATES, "unsliced.3mf"}
    assert sum(sizes.values()) < 8 * MEGABYTE
    assert 2 * MEGABYTE < sizes["vase.gcode.3mf"] < 4 * MEGABYTE
    assert sizes["cube-small.gcode.3mf"] < MEGABYTE // 4


@pytest.mark.parametrize("name", PLATES)
def test_outside_validator_finds_nothing(name: str) -> None:
    assert validate_3mf(FOLDER / name).findings == []


@pytest.mark.parametrize(("name", "index"), EACH_PLATE)
class TestPlate:
    def test_md5_is_that_of_the_program(self, name: str, index: int) -> None:
        content = opened(name)[f"Metadata/plate_{index}.gcode"]
        stated = opened(name)[f"Metadata/plate_{index}.gcode.md5"]
        assert stated == hashlib.md5(content).hexdigest().upper().encode()  # noqa: S324 - the format's

    def test_every_layer_is_marked_once(self, name: str, index: int) -> None:
        text = gcode(name, index)
        (declared,) = marks(r"^; total layer number: (\d+)$", text)
        assert declared > 10
        assert marks(r"^M991 S0 P(\d+)$", text) == list(range(declared))
        assert marks(r"^M73 L(\d+)$", text) == list(range(1, declared + 1))
        assert text.count(";LAYER_CHANGE\n") == declared

    def test_percent_climbs_from_0_to_100(self, name: str, index: int) -> None:
        found = [(int(p), int(r)) for p, r in PROGRESS.findall(gcode(name, index))]
        assert found[0][0] == 0
        assert found[-1] == (100, 0)
        assert all(a[0] <= b[0] and a[1] >= b[1] for a, b in pairwise(found))
        assert len({percent for percent, _ in found}) > 50

    def test_blocks_stand_in_order_and_nothing_follows(self, name: str, index: int) -> None:
        text = gcode(name, index)
        found = re.findall(r"^; (\w+_BLOCK_(?:START|END))$", text, re.MULTILINE)
        blocks = ("HEADER", "CONFIG", "EXECUTABLE")
        assert found == [f"{block}_BLOCK_{end}" for block in blocks for end in ("START", "END")]
        assert text.startswith("; HEADER_BLOCK_START\n")
        assert text.endswith("; EXECUTABLE_BLOCK_END\n")

    def test_heats_and_homes_before_it_extrudes(self, name: str, index: int) -> None:
        lines = gcode(name, index).splitlines()
        first_extrusion = next(i for i, line in enumerate(lines) if re.match(r"G1 .*E[\d.]", line))
        order = [lines.index("G28"), lines.index("G29"), first_extrusion]
        heated = next(i for i, line in enumerate(lines) if line.startswith("M109 S2"))
        assert order == sorted(order)
        assert heated < first_extrusion
        assert not any("[" in line for line in lines if not line.startswith(";"))

    def test_moves_stay_in_the_printer(self, name: str, index: int) -> None:
        for move in MOVE.finditer(gcode(name, index)):
            assert all(0 <= float(at) <= 256 for at in move.groupdict().values() if at)

    def test_ends_cold(self, name: str, index: int) -> None:
        tail = gcode(name, index).splitlines()[-8:]
        assert {"M104 S0", "M140 S0", "M106 S0", "M84"} <= set(tail)

    def test_slice_info_agrees_with_the_program(self, name: str, index: int) -> None:
        info, text = slice_info(name, index), gcode(name, index)
        number, kind, color = PLATES[name][index]
        (filament,) = info.iter("filament")
        assert (filament.get("id"), filament.get("type")) == (str(number), kind)
        assert filament.get("color") == color
        assert value(info, "printer_model_id") == "C12"
        assert value(info, "nozzle_diameters") == "0.4"
        ((hours, minutes, seconds),) = re.findall(
            r"total estimated time: (\d+)h (\d+)m (\d+)s", text
        )
        assert int(value(info, "prediction")) == int(hours) * 3600 + int(minutes) * 60 + int(
            seconds
        )
        (weight,) = re.findall(r"^; total filament weight \[g\] : ([\d.]+)$", text, re.MULTILINE)
        assert value(info, "weight") == filament.get("used_g") == weight
        assert f"; filament_type = {kind}\n" in text

    def test_settings_agree_with_slice_info(self, name: str, index: int) -> None:
        settings = json.loads(opened(name)["Metadata/project_settings.config"])
        number, kind, color = PLATES[name][index]
        assert settings["printer_model"] == "Bambu Lab P1S"
        assert settings["nozzle_diameter"] == ["0.4"]
        assert settings["filament_type"][number - 1] == kind
        assert settings["filament_colour"][number - 1] == color

    def test_model_settings_name_members_that_exist(self, name: str, index: int) -> None:
        text = opened(name)["Metadata/model_settings.config"].decode()
        named = re.findall(r'_file" value="([^"]+)"', text)
        assert f"Metadata/plate_{index}.gcode" in named
        assert set(named) <= set(opened(name))

    def test_pictures_show_the_model_in_its_color(self, name: str, index: int) -> None:
        for member, size in ((f"plate_{index}.png", 512), (f"plate_{index}_small.png", 128)):
            image = Image.open(io.BytesIO(opened(name)[f"Metadata/{member}"]))
            assert image.size == (size, size)
            assert image.mode == "RGBA"
            assert shows(image, PLATES[name][index][2]) > 0.05


def test_unsliced_project_has_meshes_and_no_program() -> None:
    found = opened("unsliced.3mf")
    assert not any(name.endswith(".gcode") for name in found)
    model = found["3D/3dmodel.model"].decode()
    assert model.count("<object ") == model.count("<item ") == 2
    assert b"<plate>" not in found["Metadata/slice_info.config"]
    assert not validate_3mf(FOLDER / "unsliced.3mf").valid
