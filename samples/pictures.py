"""Pictures of a model as an approver sees it: shaded, from above and aside."""

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

from samples.meshes import Point, Triangle, normal

SUPERSAMPLE = 2
MARGIN = 0.12
LIGHT = (0.35, -0.45, 0.82)
AZIMUTH, ELEVATION = math.radians(-35), math.radians(28)


def picture(triangles: Sequence[Triangle], color: str, size: int) -> bytes:
    """Return a PNG with a clear ground; `color` is #RRGGBB, `size` pixels each way."""
    pixels = size * SUPERSAMPLE
    projected = [(tuple(_project(p) for p in triangle), normal(triangle)) for triangle in triangles]
    xs = [p[0] for corners, _ in projected for p in corners]
    ys = [p[1] for corners, _ in projected for p in corners]
    span = max(max(xs) - min(xs), max(ys) - min(ys))
    scale = pixels * (1 - 2 * MARGIN) / span
    middle = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    base = tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
    image = Image.new("RGBA", (pixels, pixels), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for corners, facing in sorted(projected, key=lambda item: sum(p[2] for p in item[0])):
        if _project(facing)[2] <= 0:
            continue
        light = max(0.0, sum(a * b for a, b in zip(facing, LIGHT, strict=True)))
        shade = 0.38 + 0.62 * light
        fill = tuple(min(255, int(part * shade)) for part in base)
        points = [
            (
                pixels / 2 + (x - middle[0]) * scale,
                pixels / 2 - (y - middle[1]) * scale,
            )
            for x, y, _ in corners
        ]
        draw.polygon(points, fill=(*fill, 255), outline=(*fill, 255))
    small = image.resize((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _project(point: Point) -> Point:
    """Return right, up and towards the eye."""
    x, y, z = point
    right = x * math.cos(AZIMUTH) - y * math.sin(AZIMUTH)
    away = x * math.sin(AZIMUTH) + y * math.cos(AZIMUTH)
    up = z * math.cos(ELEVATION) + away * math.sin(ELEVATION)
    return right, up, z * math.sin(ELEVATION) - away * math.cos(ELEVATION)
