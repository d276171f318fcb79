"""The maker's printer models by the id that files and printers carry."""

from collections.abc import Mapping
from dataclasses import dataclass

CLEARANCE_MM = 0.5
"""A line's half width and rounding: not held against a file."""


@dataclass(frozen=True)
class Model:
    """A printer model: its name, what it can print (mm) and with whom it shares G-code.

    `corner_mm`: width and depth, from the front left, where the nozzle is cut and wiped.
    """

    name: str
    volume_mm: tuple[float, float, float]
    corner_mm: tuple[float, float] | None = None
    family: str | None = None


_CUBE_256 = (256.0, 256.0, 256.0)
_CORNER = (18.0, 28.0)
"""The slicers' profiles of X1 and P1 keep this corner free. [K STU printer profiles]"""

MODELS: Mapping[str, Model] = {
    "C12": Model("P1S", _CUBE_256, _CORNER, "x1-p1"),
    "C11": Model("P1P", _CUBE_256, _CORNER, "x1-p1"),
    "BL-P001": Model("X1 Carbon", _CUBE_256, _CORNER, "x1-p1"),
    "BL-P002": Model("X1", _CUBE_256, _CORNER, "x1-p1"),
    "C13": Model("X1E", _CUBE_256, _CORNER),
    "N1": Model("A1 mini", (180.0, 180.0, 180.0)),
    "N2S": Model("A1", _CUBE_256),
    "N7": Model("P2S", _CUBE_256),
    "O1D": Model("H2D", (350.0, 320.0, 325.0)),
}
"""[K STU printer profiles, PYB]; X1, X1 Carbon, P1P and P1S run each other's G-code. [S BDY]"""


def name_of(model_id: str) -> str:
    """Return the name that people know, or the id where the table has none."""
    model = MODELS.get(model_id)
    return model.name if model else model_id


def is_same_family(one: str, other: str) -> bool:
    """Tell whether the two models run each other's G-code."""
    first, second = MODELS.get(one), MODELS.get(other)
    return first is not None and second is not None and first.family == second.family is not None
