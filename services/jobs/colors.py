"""How far apart two colours look: CIEDE2000 of sRGB, as in Sharma, Wu and Dalal 2005."""

import re
from math import atan2, cos, degrees, exp, hypot, radians, sin, sqrt

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
_Lab = tuple[float, float, float]
_TO_XYZ = (
    (0.41239079926595934, 0.357584339383878, 0.1804807884018343),
    (0.21263900587151027, 0.715168678767756, 0.07219231536073371),
    (0.01933081871559182, 0.11919477979462598, 0.9505321522496607),
)
_WHITE_D65 = (0.9504559270516716, 1.0, 1.0890577507598784)
_25_TO_7 = 25.0**7


def lab_of(color: str) -> _Lab:
    """Return the L*, a*, b* (D65) of #RRGGBB; raise ValueError for anything else."""
    if not _COLOR.fullmatch(color):
        raise ValueError(f"no colour: {color!r}")
    linear = [_linear(channel / 255) for channel in bytes.fromhex(color[1:])]
    fx, fy, fz = (
        _cube_root(sum(map(float.__mul__, row, linear)) / white)
        for row, white in zip(_TO_XYZ, _WHITE_D65, strict=True)
    )
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def delta_e_2000(one: _Lab, other: _Lab) -> float:
    """Return the distance of two colours; 1 is just seen by an attentive eye."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean_c = (hypot(a1, b1) + hypot(a2, b2)) / 2
    stretch = 1.5 - 0.5 * sqrt(mean_c**7 / (mean_c**7 + _25_TO_7))
    c1, c2 = hypot(a1 * stretch, b1), hypot(a2 * stretch, b2)
    h1, h2 = _hue(a1 * stretch, b1), _hue(a2 * stretch, b2)
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    dl, dc, dh = l2 - l1, c2 - c1, 2 * sqrt(c1 * c2) * sin(radians(turn / 2))
    light, c = (l1 + l2) / 2, (c1 + c2) / 2
    h = _mean_hue(h1, h2) if c1 * c2 else h1 + h2
    t = (
        1
        - 0.17 * cos(radians(h - 30))
        + 0.24 * cos(radians(2 * h))
        + 0.32 * cos(radians(3 * h + 6))
        - 0.20 * cos(radians(4 * h - 63))
    )
    sl = 1 + 0.015 * (light - 50) ** 2 / sqrt(20 + (light - 50) ** 2)
    sc, sh = 1 + 0.045 * c, 1 + 0.015 * c * t
    bend = -2 * sqrt(c**7 / (c**7 + _25_TO_7)) * sin(radians(60 * exp(-(((h - 275) / 25) ** 2))))
    return sqrt((dl / sl) ** 2 + (dc / sc) ** 2 + (dh / sh) ** 2 + bend * dc / sc * dh / sh)


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _cube_root(value: float) -> float:
    edge = 6 / 29
    return value ** (1 / 3) if value > edge**3 else value / (3 * edge**2) + 4 / 29


def _hue(a: float, b: float) -> float:
    return degrees(atan2(b, a)) % 360


def _mean_hue(one: float, other: float) -> float:
    mean = (one + other) / 2
    if abs(one - other) <= 180:
        return mean
    return mean + 180 if one + other < 360 else mean - 180
