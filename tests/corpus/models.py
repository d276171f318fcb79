"""Small models for the honest corpus, made by formula."""

import itertools
import math
from collections.abc import Callable, Mapping

from samples import meshes
from samples.meshes import Triangle

Section = Callable[[float], float]


def turned(section: Section, height: float, *, sides: int = 24, steps: int = 8) -> list[Triangle]:
    """Return a solid of revolution: `section` gives the radius at a share of the height."""
    rings = [
        [
            (
                section(step / steps) * math.cos(2 * math.pi * side / sides),
                section(step / steps) * math.sin(2 * math.pi * side / sides),
                height * step / steps,
            )
            for side in range(sides)
        ]
        for step in range(steps + 1)
    ]
    triangles = _disc(rings[0], up=False) + _disc(rings[-1], up=True)
    for lower, upper in itertools.pairwise(rings):
        for side in range(sides):
            a, b = lower[side], lower[(side + 1) % sides]
            c, d = upper[(side + 1) % sides], upper[side]
            triangles += [(a, b, c), (a, c, d)]
    return triangles


def _disc(ring: list[meshes.Point], *, up: bool) -> list[Triangle]:
    center = (0.0, 0.0, ring[0][2])
    pairs = zip(ring, ring[1:] + ring[:1], strict=True)
    return [(center, a, b) if up else (center, b, a) for a, b in pairs]


MODELS: Mapping[str, list[Triangle]] = {
    "cube": meshes.calibration_cube(1.0),
    "wheel": meshes.gear(12, 8.0, 2.4),
    "ring": meshes.gear(30, 11.0, 1.6),
    "hook": meshes.bracket(18.0, 2.0),
    "cone": turned(lambda share: 7.0 - 5.5 * share, 6.0),
    "barrel": turned(lambda share: 4.0 + 2.0 * math.sin(math.pi * share), 6.0),
    "hexagon": turned(lambda _: 6.0, 3.0, sides=6, steps=1),
    "pyramid": turned(lambda share: 8.0 - 7.0 * share, 5.0, sides=4),
    "mushroom": turned(lambda share: 3.0 if share < 0.5 else 6.0, 6.0),
    "coin": turned(lambda _: 9.0, 1.2, sides=48, steps=1),
}
