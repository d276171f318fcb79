"""Models of our own, as triangles in millimetres, closed and facing outwards. Pure."""

import itertools
import math
import struct
from collections.abc import Iterable, Sequence

Point = tuple[float, float, float]
Triangle = tuple[Point, Point, Point]
Ring = Sequence[Point]
Outline = Sequence[tuple[float, float]]


def calibration_cube(cell: float = 1.5) -> list[Triangle]:
    """Return a cube of 8 x 8 x 4 cells with an L sunk into its top."""
    letter = {(2, y) for y in range(1, 7)} | {(3, y) for y in range(1, 7)}
    letter |= {(x, y) for x in (4, 5) for y in (1, 2)}
    cells = {
        (x, y, z)
        for x, y, z in itertools.product(range(8), range(8), range(4))
        if z < 3 or (x, y) not in letter
    }
    return _cells(cells, cell)


def gear(teeth: int = 18, radius: float = 15.0, height: float = 6.0) -> list[Triangle]:
    """Return a gear wheel with a round bore."""
    profile = ((0.00, 0.84), (0.18, 0.845), (0.34, 0.98), (0.44, 1.0), (0.62, 1.0), (0.72, 0.98))
    outer = []
    for tooth, (step, factor) in itertools.product(range(teeth), (*profile, (0.88, 0.845))):
        angle = 2 * math.pi * (tooth + step) / teeth
        outer.append((radius * factor * math.cos(angle), radius * factor * math.sin(angle)))
    bore = [(0.3 * x, 0.3 * y) for x, y in (_on_circle(radius, point) for point in outer)]
    return _pipe(outer, bore, height)


def bracket(leg: float = 56.0, height: float = 14.0) -> list[Triangle]:
    """Return a shelf bracket that lies on its side: a rounded triangle with a window."""
    outer = _rounded(((0.0, 0.0), (leg, 0.0), (0.0, leg)), 4.0)
    near, far = 0.14 * leg, 0.66 * leg
    window = _rounded(((near, near), (far, near), (near, far)), 3.0)
    return _pipe(outer, window, height)


def vase(radius: float = 34.0, height: float = 80.0, *, wall: float = 2.4) -> list[Triangle]:
    """Return a vase: open above, waved, twisted, with a floor as thick as its wall."""
    levels = [height * step / 80 for step in range(81)]
    outside = [_vase_ring(radius, height, z, 0.0) for z in levels]
    inside = [_vase_ring(radius, height, z, wall) for z in levels if z > wall]
    floor, rim = _vase_ring(radius, height, wall, wall), (outside[-1], inside[-1])
    return [
        *_cap(outside[0], up=False),
        *itertools.chain.from_iterable(_band(*pair) for pair in itertools.pairwise(outside)),
        *_band(*rim),
        *itertools.chain.from_iterable(
            _band(upper, lower) for lower, upper in itertools.pairwise([floor, *inside])
        ),
        *_cap(floor, up=True),
    ]


def moved(triangles: Iterable[Triangle], by: Point) -> list[Triangle]:
    """Return the model shifted."""

    def shifted(point: Point) -> Point:
        return point[0] + by[0], point[1] + by[1], point[2] + by[2]

    return [(shifted(a), shifted(b), shifted(c)) for a, b, c in triangles]


def extent(triangles: Iterable[Triangle]) -> tuple[Point, Point]:
    """Return the lowest and the highest corner of the box around the model."""
    xs, ys, zs = zip(*(point for triangle in triangles for point in triangle), strict=True)
    return (min(xs), min(ys), min(zs)), (max(xs), max(ys), max(zs))


def stl(triangles: Sequence[Triangle]) -> bytes:
    """Return a binary STL."""
    rows = [struct.pack("<80sI", b"layerline sample", len(triangles))]
    for triangle in triangles:
        rows.append(struct.pack("<3f", *normal(triangle)))
        rows += [struct.pack("<3f", *point) for point in triangle]
        rows.append(struct.pack("<H", 0))
    return b"".join(rows)


def normal(triangle: Triangle) -> Point:
    """Return the outward unit normal."""
    (ax, ay, az), (bx, by, bz), (cx, cy, cz) = triangle
    ux, uy, uz, vx, vy, vz = bx - ax, by - ay, bz - az, cx - ax, cy - ay, cz - az
    n = (uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx)
    length = math.sqrt(sum(part * part for part in n)) or 1.0
    return n[0] / length, n[1] / length, n[2] / length


def _cells(cells: set[tuple[int, int, int]], size: float) -> list[Triangle]:
    """Return the outside of the union of unit cells."""
    triangles: list[Triangle] = []
    for cell, axis, side in itertools.product(sorted(cells), range(3), (0, 1)):
        beyond = tuple(c + (2 * side - 1) * (i == axis) for i, c in enumerate(cell))
        if beyond in cells:
            continue
        u, v = (axis + 1) % 3, (axis + 2) % 3
        corners = []
        for du, dv in ((0, 0), (1, 0), (1, 1), (0, 1)):
            at = list(cell)
            at[axis] += side
            at[u] += du
            at[v] += dv
            corners.append((at[0] * size, at[1] * size, at[2] * size))
        a, b, c, d = corners if side else corners[::-1]
        triangles += [(a, b, c), (a, c, d)]
    return triangles


def _pipe(outer: Outline, inner: Outline, height: float) -> list[Triangle]:
    """Return the upright solid between two outlines of equal length (anticlockwise)."""
    low, top = [(x, y, 0.0) for x, y in outer], [(x, y, height) for x, y in outer]
    hole_low, hole_top = [(x, y, 0.0) for x, y in inner], [(x, y, height) for x, y in inner]
    return [
        *_band(low, top),
        *_band(top, hole_top),
        *_band(hole_top, hole_low),
        *_band(hole_low, low),
    ]


def _band(lower: Ring, upper: Ring) -> list[Triangle]:
    """Return the skin between two rings; it faces away from the axis when upper is above."""
    following = zip((*lower[1:], lower[0]), (*upper[1:], upper[0]), strict=True)
    triangles: list[Triangle] = []
    for (a, d), (b, c) in zip(zip(lower, upper, strict=True), following, strict=True):
        triangles += [(a, b, c), (a, c, d)]
    return triangles


def _cap(ring: Ring, *, up: bool) -> list[Triangle]:
    """Return the disc that closes a ring around the z axis."""
    center = (0.0, 0.0, ring[0][2])
    pairs = zip(ring, (*ring[1:], ring[0]), strict=True)
    return [(center, a, b) if up else (center, b, a) for a, b in pairs]


def _on_circle(radius: float, point: tuple[float, float]) -> tuple[float, float]:
    angle = math.atan2(point[1], point[0])
    return radius * math.cos(angle), radius * math.sin(angle)


def _rounded(corners: Outline, radius: float, *, steps: int = 10) -> list[tuple[float, float]]:
    """Return a convex outline (anticlockwise) with round corners."""
    points: list[tuple[float, float]] = []
    for i, (x, y) in enumerate(corners):
        (ax, ay), (bx, by) = corners[i - 1], corners[(i + 1) % len(corners)]
        arriving, leaving = math.atan2(y - ay, x - ax), math.atan2(by - y, bx - x)
        turn = (leaving - arriving) % (2 * math.pi)
        reach = radius / math.cos(turn / 2)
        inward = arriving + turn / 2 + math.pi / 2
        cx, cy = x + reach * math.cos(inward), y + reach * math.sin(inward)
        for step in range(steps + 1):
            angle = arriving - math.pi / 2 + turn * step / steps
            points.append((cx + radius * math.cos(angle), cy + radius * math.sin(angle)))
    return points


def _vase_ring(radius: float, height: float, z: float, inset: float) -> list[Point]:
    waves, steps = 9, 180
    share = z / height
    bulge = radius * (0.66 + 0.3 * math.sin(math.pi * (0.12 + 1.12 * share)))
    bulge += radius * 1.1 * max(0.0, share - 0.7) ** 1.5
    points = []
    for step in range(steps):
        angle = 2 * math.pi * step / steps
        r = bulge * (1 + 0.055 * math.cos(waves * angle)) - inset
        turned = angle + 1.1 * share
        points.append((r * math.cos(turned), r * math.sin(turned), z))
    return points
