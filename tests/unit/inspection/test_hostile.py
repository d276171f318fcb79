"""Each hostile file is refused for its own reason; the samples are not."""

import re
from pathlib import Path

import pytest

from services.inspection.archive import inspect
from services.inspection.refusal import Refusal
from tests.builders import threemf
from tests.corpus.hostile import HOSTILE, program

SAMPLES = Path(__file__).resolve().parents[3] / "samples"


RULES = {
    "at most 100 MB": "too-large",
    "at most 1,000 entries": "many-entries",
    "at most 1 GiB of inflated bytes": "too-large-inside",
    "ratio of at most 200 above 1 MiB": "bomb-by-ratio",
    "sizes are counted, not believed": "bomb-by-claim",
    "names in UTF-8": "no-utf8-name",
    "no .. in names": "climbing-name",
    "no absolute names": "absolute-name",
    "no backslash in names": "backslash-name",
    "no NUL in names": "nul-name",
    "no names that differ in case only": "case-twins",
    "no duplicates": "same-names",
    "no links": "symlink",
    "no encryption": "encrypted",
    "stored or deflated only": "lzma",
    "no archive in the archive": "bomb-in-bomb",
    "nothing before": "bytes-before",
    "nothing behind": "bytes-after",
    "no overlaps": "overlapping",
    "list and headers agree": "two-names",
    "no entities": "laughs",
    "no document type": "lone-doctype",
    "depth of at most 64": "deep-xml",
    "pictures are PNG": "jpeg",
    "pictures of at most 4096 x 4096": "big-picture",
    "the md5 beside the program": "wrong-md5",
    "the printer's model": "a1-mini",
    "the printer's nozzle": "wrong-nozzle",
    "nozzle of at most 300 degrees": "nozzle-too-hot",
    "bed of at most 100 degrees": "bed-too-hot",
    "no NaN": "nan-temperature",
    "no negative temperature": "negative-temperature",
    "no S999": "nozzle-too-hot-s999",
    "no M997": "firmware-update",
    "no M500 alone": "store-settings",
    "no M501": "read-settings",
    "no M502": "factory-reset",
    "no M503": "print-settings",
    "no M504": "check-settings",
    "no binary bytes": "binary-program",
    "lines of at most 1 KiB": "long-command",
}
"""What is promised of hostile files, and the file that would show it broken."""
DOCUMENTED = Path(__file__).resolve().parents[3] / "docs" / "inspection.md"
_ROW = re.compile(r"^\| (?:refuse \| )?((?:`[a-z0-9_]+`(?:, )?)+) \|", re.MULTILINE)


def test_every_rule_has_its_file() -> None:
    assert len(HOSTILE) >= 40
    assert sorted(set(RULES.values()) - set(HOSTILE)) == []


def test_every_documented_refusal_has_its_file() -> None:
    told = {code for row in _ROW.findall(DOCUMENTED.read_text()) for code in row.split("`")[1::2]}
    assert len(told) > 40
    assert sorted(told - set().union(*(hostile.codes for hostile in HOSTILE.values()))) == []


@pytest.mark.parametrize("name", sorted(HOSTILE))
@pytest.mark.asvs("V1.5.1", "V5.2.2", "V5.2.3", "V5.2.5", "V5.3.3", "V1.4.2")
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
