"""The builder's files: the good ones are good, and each bad one is bad in its one way."""

import hashlib
import io
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from bambox.validate import validate_3mf_buffer

from samples.threemf import pack
from tests.builders import threemf
from tests.builders.threemf import MEGABYTE, PLATE_1_GCODE, members

MD5 = f"{PLATE_1_GCODE}.md5"
SLICE_INFO = "Metadata/slice_info.config"


def faults(content: bytes) -> set[str]:
    """Return the codes of what the outside validator finds."""
    return {finding.code for finding in validate_3mf_buffer(io.BytesIO(content)).findings}


class TestGood:
    def test_smallest_file_passes_the_outside_validator(self) -> None:
        assert faults(threemf.good()) == set()
        assert len(threemf.good()) < 8 * 1024

    def test_same_input_gives_the_same_bytes(self) -> None:
        assert threemf.good() == threemf.good()

    def test_md5_is_upper_case_hex_without_newline(self) -> None:
        found = members(threemf.good())
        digest = hashlib.md5(found[PLATE_1_GCODE]).hexdigest()  # noqa: S324 - the format's
        assert found[MD5] == digest.upper().encode()

    def test_two_plates_pass_the_outside_validator(self) -> None:
        assert faults(threemf.two_plates()) == set()
        assert "Metadata/plate_2.gcode" in members(threemf.two_plates())

    def test_padding_reaches_the_wanted_size(self) -> None:
        content = threemf.of_size(MEGABYTE)
        assert MEGABYTE <= len(content) < 1.5 * MEGABYTE
        assert faults(content) == set()

    def test_names_with_marks_are_escaped(self) -> None:
        odd = replace(threemf.plate(), object_name='a<b>&"c".stl')
        assert faults(pack(threemf.sliced_file(odd))) == set()


class TestBad:
    @pytest.mark.parametrize("make", threemf.UNREADABLE.values(), ids=threemf.UNREADABLE)
    def test_unreadable_is_no_archive(self, make: Callable[[], bytes]) -> None:
        with pytest.raises(zipfile.BadZipFile):
            members(make())

    @pytest.mark.parametrize("make", threemf.UNPRINTABLE.values(), ids=threemf.UNPRINTABLE)
    def test_unprintable_has_no_program(self, make: Callable[[], bytes]) -> None:
        assert not members(make()).get(PLATE_1_GCODE)

    @pytest.mark.parametrize("make", threemf.BARE.values(), ids=threemf.BARE)
    def test_bare_files_have_a_program(self, make: Callable[[], bytes]) -> None:
        assert any(name.endswith(".gcode") and body for name, body in members(make()).items())

    def test_wrong_model_and_nozzle_differ_from_good_in_settings_alone(self) -> None:
        good = members(threemf.good())
        for changed, word in (
            (threemf.wrong_model(), b'"N2S"'),
            (threemf.wrong_nozzle(), b'"0.6"'),
        ):
            found = members(changed)
            assert word in found[SLICE_INFO]
            assert found[PLATE_1_GCODE] == good[PLATE_1_GCODE]

    def test_only_plate_3_names_plate_3_everywhere(self) -> None:
        found = members(threemf.only_plate_3())
        assert PLATE_1_GCODE not in found
        assert b'key="index" value="3"' in found[SLICE_INFO]
        assert b"plate_3.gcode" in found["Metadata/model_settings.config"]
        assert b"plate_3.gcode" in found["Metadata/_rels/model_settings.config.rels"]

    def test_wrong_md5_is_the_only_fault(self) -> None:
        assert faults(threemf.wrong_md5()) == {"E003"}

    def test_missing_slice_info_is_the_only_fault(self) -> None:
        assert faults(threemf.no_slice_info()) == {"E006"}

    def test_missing_prediction_is_left_out(self) -> None:
        assert b"prediction" not in members(threemf.no_prediction())[SLICE_INFO]

    def test_empty_gcode_is_there_with_no_bytes(self) -> None:
        assert members(threemf.empty_gcode())[PLATE_1_GCODE] == b""

    def test_climbing_names_keep_their_dots(self) -> None:
        assert {"../../outside.txt", "/absolute.txt"} <= set(members(threemf.climbing_names()))

    def test_bit_rot_opens_and_does_not_read(self) -> None:
        with zipfile.ZipFile(io.BytesIO(threemf.bit_rot())) as archive:
            assert PLATE_1_GCODE in archive.namelist()
            with pytest.raises((zipfile.BadZipFile, zlib.error)):
                archive.read(PLATE_1_GCODE)

    def test_bomb_is_small_outside_and_large_inside(self) -> None:
        content = threemf.bomb(20 * MEGABYTE)
        assert len(content) < MEGABYTE
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert archive.getinfo(PLATE_1_GCODE).file_size == 20 * MEGABYTE

    def test_several_filaments_are_listed_on_one_plate(self) -> None:
        info = members(threemf.several_filaments())[SLICE_INFO]
        assert info.count(b"<filament ") == 2
        assert b'key="filament_maps" value="1 1"' in info
