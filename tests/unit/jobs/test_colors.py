"""The distance of colours, against the pairs that its authors published."""

import pytest

from services.jobs.colors import delta_e_2000, lab_of

# Sharma, Wu, Dalal: The CIEDE2000 color-difference formula, 2005, table 1.
PUBLISHED = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((6.7747, -0.2908, -2.4247), (5.8714, -0.0985, -2.2286), 0.6377),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


@pytest.mark.parametrize(("one", "other", "distance"), PUBLISHED)
def test_distance_is_the_published_one_in_both_directions(
    one: tuple[float, float, float], other: tuple[float, float, float], distance: float
) -> None:
    assert delta_e_2000(one, other) == pytest.approx(distance, abs=5e-5)
    assert delta_e_2000(other, one) == pytest.approx(distance, abs=5e-5)


@pytest.mark.parametrize(
    ("color", "lab"),
    [
        ("#FFFFFF", (100, 0, 0)),
        ("#000000", (0, 0, 0)),
        ("#FF0000", (53.2371, 80.0901, 67.2033)),
        ("#1f79e5", (51.4072, 14.3101, -61.7870)),
    ],
)
def test_colour_stands_where_it_does_in_cielab(color: str, lab: tuple[float, float, float]) -> None:
    assert lab_of(color) == pytest.approx(lab, abs=1e-3)


@pytest.mark.parametrize("color", ["", "#12345", "123456", "#+12345", "#1234567", "#12345G"])
def test_what_is_no_colour_is_refused(color: str) -> None:
    with pytest.raises(ValueError, match="no colour"):
        lab_of(color)
