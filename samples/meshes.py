"""Models of our own, as triangles in millimetres. Pure."""

import itertools
import math
import struct
from collections.abc import Sequence

Point = tuple[float, float, float]
Triangle = tuple[Point, Point, Point]
Outline = Sequence[tuple[float, float]]


def prism(outline: Outline, height: float, *, base: float = 0.0) -> list[Triangle]:
    """Return the upright solid over a convex or star-shaped outline (anticlockwise)."""
    center = (
        sum(x for x, _ in outline) / len(outline),
        sum(y for _, y in outline) / len(outline),
    )
    triangles: list[Triangle] = []
    top = base + height
    for (x1, y1), (x2, y2) in zip(outline, [*outline[1:], outline[0]], strict=True):
        triangles += [
            ((x1, y1, base), (x2, y2, base), (x2, y2, top)),
            ((x1, y1, base), (x2, y2, top), (x1, y1, top)),
            ((*center, top), (x1, y1, top), (x2, y2, top)),
            ((*center, base), (x2, y2, base), (x1, y1, base)),
        ]
    return triangles


def box(x: float, y: float, z: float, *, at: Point = (0.0, 0.0, 0.0)) -> list[Triangle]:
    """Return a box with one corner at `at`."""
    ax, ay, az = at
    outline = [(ax, ay), (ax + x, ay), (ax + x, ay + y), (ax, ay + y)]
    return prism(outline, z, base=az)


def gear(teeth: int, radius: float, height: float) -> list[Triangle]:
    """Return a gear wheel without a bore."""
    outline = []
    for tooth in range(teeth):
        for step, factor in ((0.0, 0.86), (0.25, 1.0), (0.5, 1.0), (0.75, 0.86)):
            angle = 2 * math.pi * (tooth + step) / teeth
            outline.append((radius * factor * math.cos(angle), radius * factor * math.sin(angle)))
    return prism(outline, height)


def vase(radius: float, height: float, *, waves: int = 9, slices: int = 60) -> list[Triangle]:
    """Return a twisted, waved solid of revolution."""
    steps = waves * 12

    def ring(level: int) -> list[Point]:
        z = height * level / slices
        bulge = radius * (0.72 + 0.28 * math.sin(math.pi * (0.15 + 0.8 * level / slices)))
        twist = 0.9 * level / slices
        points = []
        for step in range(steps):
            angle = 2 * math.pi * step / steps
            r = bulge * (1 + 0.06 * math.cos(waves * angle))
            points.append((r * math.cos(angle + twist), r * math.sin(angle + twist), z))
        return points

    rings = [ring(level) for level in range(slices + 1)]
    triangles: list[Triangle] = []
    for lower, upper in itertools.pairwise(rings):
        for i in range(steps):
            j = (i + 1) % steps
            triangles += [(lower[i], lower[j], upper[j]), (lower[i], upper[j], upper[i])]
    for ring_points, is_top in ((rings[0], False), (rings[-1], True)):
        center = (0.0, 0.0, ring_points[0][2])
        for i in range(steps):
            one, two = ring_points[i], ring_points[(i + 1) % steps]
            triangles.append((center, one, two) if is_top else (center, two, one))
    return triangles


def bracket() -> list[Triangle]:
    """Return a shelf bracket: two plates and a rib, overlapping so that slicers unite them."""
    rib = [(6.0, 0.0), (54.0, 0.0), (6.0, 48.0)]
    upright = [
        tuple((x, 17.0 + 6.0 * (z > 0.5), y) for x, y, z in triangle)
        for triangle in prism(rib, 1.0)
    ]
    wedge: list[Triangle] = [(a, c, b) for a, b, c in upright]
    return [*box(60, 40, 6), *box(6, 40, 54), *_shift(wedge, (0.0, 0.0, 5.0))]


def _shift(triangles: list[Triangle], by: Point) -> list[Triangle]:
    def moved(point: Point) -> Point:
        return point[0] + by[0], point[1] + by[1], point[2] + by[2]

    return [(moved(a), moved(b), moved(c)) for a, b, c in triangles]


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


def model_xml(triangles: Sequence[Triangle], name: str) -> bytes:
    """Return a 3MF model part that holds the mesh."""
    points = sorted({point for triangle in triangles for point in triangle})
    number = {point: i for i, point in enumerate(points)}
    vertices = "".join(f'<vertex x="{x:g}" y="{y:g}" z="{z:g}"/>' for x, y, z in points)
    faces = "".join(
        f'<triangle v1="{number[a]}" v2="{number[b]}" v3="{number[c]}"/>' for a, b, c in triangles
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<model unit="millimeter" xml:lang="en-US" '
        'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">\n'
        ' <metadata name="Application">Layerline-samples</metadata>\n'
        f' <resources><object id="1" type="model" name="{name}"><mesh>'
        f"<vertices>{vertices}</vertices><triangles>{faces}</triangles>"
        '</mesh></object></resources>\n <build><item objectid="1"/></build>\n</model>\n'
    ).encode()
