"""Pictures of a model for the people who approve it: printed, on a plate, softly lit.

A plain depth-buffer renderer: it draws four pictures a sample, so clarity beats speed.
"""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFilter

from samples.meshes import Point, Triangle, extent, normal

SUPERSAMPLE = 2
MARGIN = 0.07
PLATE_BORDER = 0.16
"""How far the plate shows beyond the model, as a share of the model's longer side."""
PLATE_COLOR, GRID_COLOR, EDGE_COLOR = (58, 63, 71), (82, 88, 97), (38, 42, 48)
GRID_MM, PLATE_THICKNESS_SHARE = 10.0, 0.035
KEY_LIGHT, FILL_LIGHT = (-0.42, -0.52, 0.74), (0.8, -0.3, 0.3)
AMBIENT, KEY, FILL = 0.44, 0.66, 0.2
SMOOTH_COS = math.cos(math.radians(32))
"""Faces that meet flatter than this are shaded as one surface."""
LAYER_LINES = 44
LAYER_CONTRAST = 0.07
SLACK = 1e-6
"""Neighbouring triangles leave no gap between them."""
Color = tuple[int, int, int]


@dataclass(frozen=True)
class View:
    """Where the eye is, in radians: turned around the z axis, and raised."""

    azimuth: float
    elevation: float

    def see(self, point: Point) -> Point:
        """Return right, up and towards the eye."""
        x, y, z = point
        right = x * math.cos(self.azimuth) - y * math.sin(self.azimuth)
        away = x * math.sin(self.azimuth) + y * math.cos(self.azimuth)
        up = z * math.cos(self.elevation) + away * math.sin(self.elevation)
        return right, up, z * math.sin(self.elevation) - away * math.cos(self.elevation)


ASIDE = View(math.radians(-32), math.radians(32))
ABOVE = View(0.0, math.radians(90))


@dataclass(frozen=True)
class Frame:
    """How what the eye sees lies on the picture."""

    view: View
    scale: float
    shift: tuple[float, float]
    pixels: int

    def place(self, point: Point) -> Point:
        """Return the pixel (x, y) and the nearness of a point."""
        right, up, near = self.view.see(point)
        half = self.pixels / 2
        return (
            half + (right - self.shift[0]) * self.scale,
            half - (up - self.shift[1]) * self.scale,
            near,
        )


def picture(
    triangles: Sequence[Triangle],
    color: str,
    size: int,
    *,
    view: View = ASIDE,
    has_plate: bool = True,
) -> bytes:
    """Return a PNG with a clear ground; `color` is #RRGGBB, `size` pixels each way."""
    frame = _frame(triangles, view, size * SUPERSAMPLE)
    image = Image.new("RGBA", (frame.pixels, frame.pixels), (0, 0, 0, 0))
    if has_plate:
        _draw_plate(image, triangles, frame)
    _draw_model(image, triangles, _rgb(color), frame)
    return _png(image, size)


def pick_picture(triangles: Sequence[Triangle], object_id: int, size: int) -> bytes:
    """Return the view from above in the flat colour that stands for the object's number."""
    frame = _frame(triangles, ABOVE, size)
    image = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    flat = (object_id & 0xFF, object_id >> 8 & 0xFF, object_id >> 16 & 0xFF, 255)
    for triangle in triangles:
        draw.polygon([frame.place(point)[:2] for point in triangle], fill=flat)
    return _png(image, size)


def _frame(triangles: Sequence[Triangle], view: View, pixels: int) -> Frame:
    low, high = extent(triangles)
    border = _border(low, high)
    seen = [
        view.see((x, y, low[2]))
        for x in (low[0] - border, high[0] + border)
        for y in (low[1] - border, high[1] + border)
    ]
    seen += [view.see(point) for triangle in triangles for point in triangle]
    xs, ys = [s[0] for s in seen], [s[1] for s in seen]
    span = max(max(xs) - min(xs), max(ys) - min(ys))
    shift = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    return Frame(view, pixels * (1 - 2 * MARGIN) / span, shift, pixels)


def _border(low: Point, high: Point) -> float:
    return PLATE_BORDER * max(high[0] - low[0], high[1] - low[1])


def _draw_plate(image: Image.Image, triangles: Sequence[Triangle], frame: Frame) -> None:
    """Draw the plate, its grid and the model's shadow on it."""
    low, high = extent(triangles)
    border = _border(low, high)
    left, front = low[0] - border, low[1] - border
    right, back = high[0] + border, high[1] + border
    thickness = PLATE_THICKNESS_SHARE * max(right - left, back - front)
    draw = ImageDraw.Draw(image)

    def corners(z: float) -> list[tuple[float, float]]:
        outline = ((left, front), (right, front), (right, back), (left, back))
        return [frame.place((x, y, z))[:2] for x, y in outline]

    for z, fill in ((-thickness, EDGE_COLOR), (-thickness / 2, EDGE_COLOR), (0.0, PLATE_COLOR)):
        draw.polygon(corners(z), fill=(*fill, 255))
    if frame.view is ASIDE:
        lower, upper = corners(-thickness), corners(0.0)
        for i in (0, 1):
            side = [lower[i], lower[i + 1], upper[i + 1], upper[i]]
            draw.polygon(side, fill=(*EDGE_COLOR, 255))
    for axis_low, axis_high, is_x in ((left, right, True), (front, back, False)):
        for step in range(math.ceil(axis_low / GRID_MM), math.floor(axis_high / GRID_MM) + 1):
            at = step * GRID_MM
            ends = ((at, front), (at, back)) if is_x else ((left, at), (right, at))
            line = [frame.place((x, y, 0.0))[:2] for x, y in ends]
            draw.line(line, fill=(*GRID_COLOR, 255), width=SUPERSAMPLE)
    _draw_shadow(image, triangles, frame, corners(0.0))


def _draw_shadow(
    image: Image.Image,
    triangles: Sequence[Triangle],
    frame: Frame,
    plate: list[tuple[float, float]],
) -> None:
    shadow = Image.new("L", image.size, 0)
    draw = ImageDraw.Draw(shadow)
    for triangle in triangles:
        fallen = [
            (x - 0.5 * z * KEY_LIGHT[0], y - 0.5 * z * KEY_LIGHT[1], 0.0) for x, y, z in triangle
        ]
        draw.polygon([frame.place(point)[:2] for point in fallen], fill=150)
    shadow = shadow.filter(ImageFilter.GaussianBlur(frame.pixels / 90))
    on_plate = Image.new("L", image.size, 0)
    ImageDraw.Draw(on_plate).polygon(plate, fill=255)
    clear = Image.new("L", image.size, 0)
    dark = Image.new("RGBA", image.size, (12, 14, 18, 255))
    image.paste(dark, (0, 0), Image.composite(shadow, clear, on_plate))


def _draw_model(
    image: Image.Image, triangles: Sequence[Triangle], color: Color, frame: Frame
) -> None:
    low, high = extent(triangles)
    height = high[2] - low[2]
    normals = _corner_normals(triangles)
    nearness = [-math.inf] * (frame.pixels * frame.pixels)
    pixels = image.load()
    if pixels is None:
        return
    for triangle, corners in zip(triangles, normals, strict=True):
        if frame.view.see(normal(triangle))[2] <= 0:
            continue
        placed = [frame.place(point) for point in triangle]
        for x, y, (wa, wb, wc) in _covered(placed, frame.pixels):
            near = wa * placed[0][2] + wb * placed[1][2] + wc * placed[2][2]
            if near <= nearness[y * frame.pixels + x]:
                continue
            nearness[y * frame.pixels + x] = near
            z = wa * triangle[0][2] + wb * triangle[1][2] + wc * triangle[2][2]
            facing = tuple(wa * a + wb * b + wc * c for a, b, c in zip(*corners, strict=True))
            shade = _shade((facing[0], facing[1], facing[2]), (z - low[2]) / height)
            pixels[x, y] = (*_lit(color, shade), 255)


def _covered(
    corners: Sequence[Point], pixels: int
) -> Iterator[tuple[int, int, tuple[float, float, float]]]:
    """Yield the pixels of a triangle, each with the weights of the three corners."""
    (ax, ay, _), (bx, by, _), (cx, cy, _) = corners
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if abs(area) < 1e-9:
        return
    steps = ((by - cy) / area, (cy - ay) / area, (ay - by) / area)
    first, last = math.floor(min(ay, by, cy)), math.ceil(max(ay, by, cy))
    for y in range(max(0, first), min(pixels, last + 1)):
        py = y + 0.5
        at_zero_b = (-ax * (cy - ay) - (cx - ax) * (py - ay)) / area
        at_zero_c = ((bx - ax) * (py - ay) + ax * (by - ay)) / area
        starts = (1.0 - at_zero_b - at_zero_c, at_zero_b, at_zero_c)
        left, right = _span(starts, steps, pixels)
        for x in range(left, right):
            px = x + 0.5
            wb, wc = starts[1] + steps[1] * px, starts[2] + steps[2] * px
            yield x, y, (1.0 - wb - wc, wb, wc)


def _span(starts: Sequence[float], steps: Sequence[float], pixels: int) -> tuple[int, int]:
    """Return the pixels of a row, first and past the last, where no weight is below nought."""
    low, high = 0.0, float(pixels)
    for start, step in zip(starts, steps, strict=True):
        if abs(step) < 1e-12:
            if start < -SLACK:
                return 0, 0
        elif step > 0:
            low = max(low, (-SLACK - start) / step)
        else:
            high = min(high, (-SLACK - start) / step)
    return math.ceil(low - 0.5), math.floor(high - 0.5) + 1


def _corner_normals(triangles: Sequence[Triangle]) -> list[tuple[Point, Point, Point]]:
    """Return for each corner the mean normal of the faces that meet there smoothly."""
    faces = [normal(triangle) for triangle in triangles]
    meeting: dict[Point, list[Point]] = {}
    for triangle, face in zip(triangles, faces, strict=True):
        for point in triangle:
            meeting.setdefault(_key(point), []).append(face)

    def mean(point: Point, own: Point) -> Point:
        smooth = [other for other in meeting[_key(point)] if _dot(own, other) > SMOOTH_COS]
        x, y, z = (sum(parts) / len(smooth) for parts in zip(*smooth, strict=True))
        return x, y, z

    return [
        (mean(a, face), mean(b, face), mean(c, face))
        for (a, b, c), face in zip(triangles, faces, strict=True)
    ]


def _shade(facing: Point, height_share: float) -> float:
    length = math.sqrt(_dot(facing, facing)) or 1.0
    unit = (facing[0] / length, facing[1] / length, facing[2] / length)
    light = (
        AMBIENT + KEY * max(0.0, _dot(unit, KEY_LIGHT)) + FILL * max(0.0, _dot(unit, FILL_LIGHT))
    )
    steepness = 1.0 - abs(unit[2])
    layers = LAYER_CONTRAST * steepness * math.sin(2 * math.pi * LAYER_LINES * height_share)
    grounded = 0.68 + 0.32 * height_share
    return light * grounded + layers


def _lit(color: Color, shade: float) -> Color:
    """Return the colour in this light; what is brighter than itself turns towards white."""
    if shade <= 1.0:
        red, green, blue = (int(part * max(0.0, shade)) for part in color)
        return red, green, blue
    red, green, blue = (int(part + (255 - part) * min(1.0, shade - 1.0)) for part in color)
    return red, green, blue


def _rgb(color: str) -> Color:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _key(point: Point) -> Point:
    return round(point[0], 4), round(point[1], 4), round(point[2], 4)


def _dot(one: Point, two: Point) -> float:
    return one[0] * two[0] + one[1] * two[1] + one[2] * two[2]


def _png(image: Image.Image, size: int) -> bytes:
    if image.size != (size, size):
        image = image.resize((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
