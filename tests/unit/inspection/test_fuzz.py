"""Whatever the bytes: an inspection, or a refusal; never another error."""

import contextlib
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from services.inspection.archive import inspect
from services.inspection.machines import P1S
from services.inspection.program import scan
from services.inspection.refusal import Refusal
from tests.builders import threemf

GOOD = threemf.good()
WORDS = st.sampled_from(
    ["G0", "G1", "G2", "G3", "G28", "G90", "G91", "G92", "M82", "M83", "M104", "M73", "T1", "N1"]
)
NUMBERS = st.floats(-400, 400).map(lambda value: f"{value:.3f}") | st.sampled_from(
    ["", "-", ".", "1.2.3", "NAN", "1e9", "99999999999999999999", "-0", "+1"]
)
ARGUMENTS = st.lists(st.tuples(st.sampled_from("XYZEIJFSRTP"), NUMBERS), max_size=5)
LINES = st.tuples(WORDS, ARGUMENTS).map(
    lambda line: " ".join([line[0], *(letter + text for letter, text in line[1])])
)


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_damaged_archive_is_an_inspection_or_a_refusal(data: st.DataObject) -> None:
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.3mf"
        path.write_bytes(bytes(content))
        with contextlib.suppress(Refusal):
            inspect(path)


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=2000))
def test_any_bytes_are_a_scan_or_a_refusal(content: bytes) -> None:
    with contextlib.suppress(Refusal):
        scan([content], P1S)


@settings(deadline=None, max_examples=200)
@given(st.lists(LINES, max_size=30), st.integers(1, 40))
def test_pieces_make_no_difference(lines: list[str], size: int) -> None:
    content = "\n".join(lines).encode() + b"\n"
    whole = scan([content], P1S)
    pieces = scan([content[at : at + size] for at in range(0, len(content), size)], P1S)
    assert (pieces.findings, pieces.bounds_mm) == (whole.findings, whole.bounds_mm)
