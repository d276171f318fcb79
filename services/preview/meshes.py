"""The meshes of a 3mf, reduced to what a browser turns with ease. 3MF core and production specs."""

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from services.inspection.decimals import Floats
from services.inspection.markup import tell_elements

MAGIC = b"LLMS"
VERSION = 1
HEADER = struct.Struct("<4sB3xII")
"""Magic, version, counts of vertices and triangles; then x, y, z as f4 and three u4 each."""
MAX_ELEMENTS = 3_000_000
MAX_TRIANGLES = 100_000
MAX_PARTS = 2_000
MAX_NESTING = 8
ROOT = "3D/3dmodel.model"
_PATH = "{http://schemas.microsoft.com/3dmanufacturing/production/2015/06}path"

Triangles = NDArray[np.int64]
Open = Callable[[str], Iterable[bytes] | None]
"""Returns the pieces of a part of the file, or None when there is no such part."""


@dataclass
class _Object:
    vertices: list[float] = field(default_factory=list)
    triangles: list[int] = field(default_factory=list)
    components: list[tuple[str, str, Floats]] = field(default_factory=list)
    """Part, object id and place of each."""


@dataclass
class _Part:
    """One .model: its objects, and what of them is built."""

    name: str
    objects: dict[str, _Object] = field(default_factory=dict)
    items: list[tuple[str, str, Floats]] = field(default_factory=list)
    _open: _Object | None = None

    def opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        here = self._open
        if tag == "vertex" and here is not None:
            here.vertices += [float(attributes[axis]) for axis in "xyz"]
        elif tag == "triangle" and here is not None:
            here.triangles += [int(attributes[corner]) for corner in ("v1", "v2", "v3")]
        elif tag == "object":
            self._open = self.objects.setdefault(attributes.get("id", ""), _Object())
        elif tag == "component" and here is not None:
            here.components.append(self._reference(attributes))
        elif tag == "item" and attributes.get("printable", "1") not in ("0", "false"):
            self.items.append(self._reference(attributes))

    def closed(self, tag: str) -> None:
        if tag == "object":
            self._open = None

    def _reference(self, attributes: Mapping[str, str]) -> tuple[str, str, Floats]:
        part = attributes.get(_PATH, "").lstrip("/") or self.name
        return part, attributes.get("objectid", ""), _place(attributes.get("transform", ""))


def reduce_model(open_part: Open) -> bytes | None:
    """Return all that the file builds as one small mesh; None when it holds no mesh.

    Raises Refusal, KeyError or ValueError for markup that is none.
    """
    parts: dict[str, _Part] = {}

    def part(name: str) -> _Part:
        if name not in parts:
            parts[name] = _read(name, open_part)
        return parts[name]

    budget = iter(range(MAX_PARTS))
    meshes = [
        mesh
        for name, object_id, place in part(ROOT).items
        for mesh in _meshes(part, name, object_id, place, budget)
    ]
    if not meshes:
        return None
    offsets = np.cumsum([0, *(len(vertices) for vertices, _ in meshes[:-1])])
    vertices = np.concatenate([found for found, _ in meshes])
    triangles = np.concatenate([found + at for (_, found), at in zip(meshes, offsets, strict=True)])
    return _written(*_reduced(vertices, triangles))


def _read(name: str, open_part: Open) -> _Part:
    part = _Part(name)
    pieces = open_part(name)
    if pieces is not None:
        tell_elements(pieces, part.opened, part.closed, what="the model", most=MAX_ELEMENTS)
    return part


def _meshes(
    part: Callable[[str], _Part],
    name: str,
    object_id: str,
    place: Floats,
    budget: Iterator[int],
    depth: int = 0,
) -> Iterator[tuple[Floats, Triangles]]:
    """Yield the meshes of an object and of what it is put together from, where they stand."""
    found = part(name).objects.get(object_id)
    if found is None or depth > MAX_NESTING or next(budget, None) is None:
        return
    if found.triangles:
        vertices = np.array(found.vertices, dtype=np.float64).reshape(-1, 3)
        triangles = np.array(found.triangles, dtype=np.int64).reshape(-1, 3)
        is_whole = ((triangles >= 0) & (triangles < len(vertices))).all(axis=1)
        yield vertices @ place[:3] + place[3], triangles[is_whole]
    for inner_name, inner_id, inner in found.components:
        yield from _meshes(
            part, inner_name, inner_id, _behind(inner, place), budget, depth=depth + 1
        )


def _place(words: str) -> Floats:
    """Return a transform as four rows of three: turned by the first three, moved by the last."""
    numbers = [float(word) for word in words.split()]
    if len(numbers) != 12:
        return np.vstack([np.eye(3), np.zeros(3)])
    return np.array(numbers).reshape(4, 3)


def _behind(inner: Floats, outer: Floats) -> Floats:
    turned = inner @ outer[:3]
    turned[3] += outer[3]
    return turned


def _reduced(vertices: Floats, triangles: Triangles) -> tuple[Floats, Triangles]:
    """Join vertices that share a cell of a grid, the finest that leaves few enough triangles."""
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    if not np.isfinite(low).all() or not np.isfinite(high).all():
        raise ValueError("a vertex is nowhere")
    extent = max(float((high - low).max()), 1e-6)
    cells = 4096
    while True:
        steps = np.rint((vertices - low) / extent * cells).astype(np.int64)
        keys = (steps[:, 0] * (cells + 1) + steps[:, 1]) * (cells + 1) + steps[:, 2]
        _, first, owner = np.unique(keys, return_index=True, return_inverse=True)
        joined = owner[triangles]
        is_flat = (
            (joined[:, 0] == joined[:, 1])
            | (joined[:, 1] == joined[:, 2])
            | (joined[:, 0] == joined[:, 2])
        )
        joined = joined[~is_flat]
        if len(joined) <= MAX_TRIANGLES or cells <= 8:
            return vertices[first], joined[:MAX_TRIANGLES]
        cells = cells * 2 // 3


def _written(vertices: Floats, triangles: Triangles) -> bytes:
    head = HEADER.pack(MAGIC, VERSION, len(vertices), len(triangles))
    return head + vertices.astype("<f4").tobytes() + triangles.astype("<u4").tobytes()
