"""Reading a toolpath back, as the page does it."""

import struct
from dataclasses import dataclass

from services.preview.paths import Feature
from services.preview.toolpath import HEADER, MAGIC, VERSION


@dataclass(frozen=True)
class Line:
    """A polyline with its layer's height, in mm."""

    z: float
    feature: Feature
    points: list[tuple[float, float]]


@dataclass(frozen=True)
class Toolpath:
    """What a file says."""

    level: int
    layers: int
    lines: list[Line]


def read_toolpath(content: bytes | None) -> Toolpath:
    assert content is not None
    magic, version, level, _, origin, step, layers, lines, points = HEADER.unpack_from(content)
    assert (magic, version) == (MAGIC, VERSION)
    at = HEADER.size
    heights = struct.unpack_from(f"<{layers}f", content, at)
    at += 4 * layers
    first_lines = (*struct.unpack_from(f"<{layers}I", content, at), lines)
    at += 4 * layers
    packed = struct.unpack_from(f"<{lines}I", content, at)
    at += 4 * lines
    flat = struct.unpack_from(f"<{2 * points}H", content, at)
    assert at + 4 * points == len(content)
    starts = [*(value & 0x0FFFFFFF for value in packed), points]
    read = []
    for layer in range(layers):
        for line in range(first_lines[layer], first_lines[layer + 1]):
            place = [
                (round(origin + step * flat[2 * n], 2), round(origin + step * flat[2 * n + 1], 2))
                for n in range(starts[line], starts[line + 1])
            ]
            read.append(Line(round(heights[layer], 3), Feature(packed[line] >> 28), place))
    return Toolpath(level, layers, read)
