"""A program reduced: what it draws stays, in its layers and features; a large one gets small."""

import math
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.inspection import reading
from services.inspection.refusal import Refusal
from services.preview import toolpath
from services.preview.paths import Feature
from services.preview.toolpath import reduce_program
from tests.unit.preview.reading import Toolpath, read_toolpath

SQUARE = b"""\
G90
M83
G1 X0 Y0 F600
G1 X50 E5 ; a line of the machine's own beginning
; CHANGE_LAYER
; Z_HEIGHT: 0.2
G1 Z0.2
; FEATURE: Outer wall
G1 X10 Y10
G1 X20 Y10 E1
G1 F1200
G1 X20 Y20 E1
G1 X10 Y20 E1
G1 X10 Y10 E1
G1 X12 Y12
; FEATURE: Sparse infill
G1 X18 Y18 E1
; CHANGE_LAYER
G1 Z0.4
;TYPE:External perimeter
G1 X10 Y10
G1 X15 Y10 E1
G1 X20 Y10 E1
"""


def reduced(program: bytes) -> Toolpath:
    return read_toolpath(reduce_program([program]))


def test_lines_of_plastic_are_joined_up_by_layer_and_feature() -> None:
    told = reduced(SQUARE)
    assert (told.layers, told.level) == (2, 0)
    assert [(line.z, line.feature, line.points) for line in told.lines] == [
        (0.2, Feature.OUTER_WALL, [(10, 10), (20, 10), (20, 20), (10, 20), (10, 10)]),
        (0.2, Feature.SPARSE_INFILL, [(12, 12), (18, 18)]),
        (0.4, Feature.OUTER_WALL, [(10, 10), (20, 10)]),
    ]


def test_pieces_may_be_cut_anywhere() -> None:
    whole = reduce_program([SQUARE])
    for cut in range(1, len(SQUARE), 37):
        assert reduce_program([SQUARE[:cut], SQUARE[cut:]]) == whole


def test_lines_over_the_edge_of_what_is_read_at_once_stay_what_they_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "PIECE_BYTES", 40)
    told = read_toolpath(reduce_program([SQUARE[n : n + 10] for n in range(0, len(SQUARE), 10)]))
    assert told.layers == 2
    outer = [line for line in told.lines if line.feature is Feature.OUTER_WALL and line.z == 0.2]
    drawn = sum(math.dist(a, b) for line in outer for a, b in pairwise(line.points))
    assert drawn == pytest.approx(40)


def test_arcs_are_drawn_round() -> None:
    told = reduced(b"G90\nM83\n;LAYER_CHANGE\nG1 X20 Y10 Z0.2\nG3 X0 Y10 I-10 J0 E1\n")
    (line,) = told.lines
    assert line.points[0] == (20, 10)
    assert line.points[-1] == (0, 10)
    assert max(y for _, y in line.points) == pytest.approx(20, abs=0.1)
    assert all(math.dist(point, (10, 10)) == pytest.approx(10, abs=0.05) for point in line.points)


def test_a_full_circle_comes_round() -> None:
    told = reduced(b"G90\nM83\n;LAYER_CHANGE\nG1 X20 Y10 Z0.2\nG2 X20 Y10 I-10 J0 E1\n")
    (line,) = told.lines
    assert {line.points[0], line.points[-1]} == {(20, 10)}
    assert min(y for _, y in line.points) == pytest.approx(0, abs=0.1)


def test_without_marks_the_height_makes_the_layer() -> None:
    moves = b"".join(
        b"G1 Z%.1f\nG1 X10 Y10\nG1 X20 Y10 E1\n" % (0.2 * layer) for layer in range(1, 4)
    )
    told = reduced(b"G90\nM83\n" + moves)
    assert [line.z for line in told.lines] == [0.2, 0.4, 0.6]


@pytest.mark.parametrize("program", [b"", b"\n", b"G28\n", b"; nothing\nG1 X1 Y1\n"])
def test_a_program_that_draws_nothing_has_no_preview(program: bytes) -> None:
    assert reduce_program([program]) is None


def test_a_program_that_is_no_text_is_refused() -> None:
    with pytest.raises(Refusal):
        reduce_program([b"\xff\x00"])


def test_a_large_program_gets_small_and_keeps_its_outline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(toolpath, "MAX_BYTES", 20_000)
    parts = [b"G90\nM83\n"]
    for layer in range(1, 101):
        parts.append(b"; CHANGE_LAYER\nG1 Z%.1f\n; FEATURE: Outer wall\nG1 X60 Y50\n" % layer)
        for n in range(1, 361):
            angle = math.radians(n)
            parts.append(
                b"G1 X%.3f Y%.3f E1\n" % (50 + 10 * math.cos(angle), 50 + 10 * math.sin(angle))
            )
        parts.append(b"; FEATURE: Sparse infill\n" + b"G1 X55 Y55 E1\nG1 X45 Y45 E1\n" * 50)
    program = b"".join(parts)
    content = reduce_program([program])
    assert content is not None
    assert len(content) <= 20_000 + 64
    told = read_toolpath(content)
    assert told.level > 0
    assert {line.feature for line in told.lines} == {Feature.OUTER_WALL}
    reach = max(x for line in told.lines for x, _ in line.points)
    assert reach == pytest.approx(60, abs=1.5)


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(
            [
                *(b"G1 X1 Y2 E1", b"G91", b"G90", b"G92 X0 E0", b"G2 X5 Y5 I3 E1", b"M82"),
                *(b"; CHANGE_LAYER", b"; FEATURE: Top surface", b"G28 X", b"G1 X99999 E1"),
                b"G1 Xnan E1",
            ]
        ),
        max_size=40,
    )
)
def test_any_program_can_be_read_back(program: list[bytes]) -> None:
    content = reduce_program([line + b"\n" for line in program])
    if content is not None:
        assert all(len(line.points) >= 1 for line in read_toolpath(content).lines)
