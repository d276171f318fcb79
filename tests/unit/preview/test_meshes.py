"""The meshes of a 3mf put together where they stand, and reduced."""

import struct
from collections.abc import Iterable

import numpy as np
import pytest

from services.inspection.refusal import Refusal
from services.preview import meshes
from services.preview.meshes import HEADER, reduce_model

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
TETRAHEDRON = (
    '<mesh><vertices><vertex x="0" y="0" z="0"/><vertex x="1" y="0" z="0"/>'
    '<vertex x="0" y="1" z="0"/><vertex x="0" y="0" z="1"/></vertices>'
    '<triangles><triangle v1="0" v2="2" v3="1"/><triangle v1="0" v2="1" v3="3"/>'
    '<triangle v1="1" v2="2" v3="3"/><triangle v1="2" v2="0" v3="3"/></triangles></mesh>'
)


def model(resources: str, build: str) -> bytes:
    return (
        f'<?xml version="1.0"?><model xmlns="{CORE}" xmlns:p="{PRODUCTION}">'
        f"<resources>{resources}</resources><build>{build}</build></model>"
    ).encode()


def reduced(parts: dict[str, bytes]) -> tuple[np.ndarray, np.ndarray] | None:
    def open_part(name: str) -> Iterable[bytes] | None:
        return [parts[name]] if name in parts else None

    content = reduce_model(open_part)
    if content is None:
        return None
    _, _, vertices, triangles = HEADER.unpack_from(content)
    at = HEADER.size
    places = np.array(struct.unpack_from(f"<{3 * vertices}f", content, at)).reshape(-1, 3)
    corners = np.array(struct.unpack_from(f"<{3 * triangles}I", content, at + 12 * vertices))
    assert len(content) == at + 12 * vertices + 12 * triangles
    return places, corners.reshape(-1, 3)


def box(parts: dict[str, bytes]) -> tuple[list[float], list[float]]:
    found = reduced(parts)
    assert found is not None
    used = found[0][found[1].ravel()]
    return used.min(axis=0).round(4).tolist(), used.max(axis=0).round(4).tolist()


def test_what_is_built_stands_where_the_build_puts_it() -> None:
    content = model(
        f'<object id="1">{TETRAHEDRON}</object><object id="2">{TETRAHEDRON}</object>',
        '<item objectid="1" transform="10 0 0 0 10 0 0 0 10 100 50 0"/>',
    )
    assert box({"3D/3dmodel.model": content}) == ([100, 50, 0], [110, 60, 10])


def test_parts_of_other_files_are_put_together() -> None:
    root = model(
        '<object id="8"><components>'
        '<component p:path="/3D/Objects/a.model" objectid="1" transform="1 0 0 0 1 0 0 0 1 5 0 0"/>'
        "</components></object>",
        '<item objectid="8" transform="2 0 0 0 2 0 0 0 2 0 0 1"/>',
    )
    parts = {
        "3D/3dmodel.model": root,
        "3D/Objects/a.model": model(f'<object id="1">{TETRAHEDRON}</object>', ""),
    }
    assert box(parts) == ([10, 0, 1], [12, 2, 3])


@pytest.mark.parametrize(
    "content",
    [
        model("", ""),
        model(f'<object id="1">{TETRAHEDRON}</object>', ""),
        model(f'<object id="1">{TETRAHEDRON}</object>', '<item objectid="7"/>'),
        model(f'<object id="1">{TETRAHEDRON}</object>', '<item objectid="1" printable="0"/>'),
        model(
            '<object id="1"><components><component objectid="1"/></components></object>',
            '<item objectid="1"/>',
        ),
    ],
    ids=["empty", "not built", "unknown", "not printed", "of itself"],
)
def test_nothing_built_is_no_model(content: bytes) -> None:
    assert reduced({"3D/3dmodel.model": content}) is None


def test_no_root_is_no_model() -> None:
    assert reduced({}) is None


def test_a_corner_that_is_none_drops_its_triangle() -> None:
    mesh = TETRAHEDRON.replace('v1="2" v2="0" v3="3"', 'v1="2" v2="0" v3="99"')
    content = model(f'<object id="1">{mesh}</object>', '<item objectid="1"/>')
    found = reduced({"3D/3dmodel.model": content})
    assert found is not None
    assert len(found[1]) == 3


def test_too_many_triangles_become_fewer_of_the_same_shape(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(meshes, "MAX_TRIANGLES", 500)
    side = 60
    vertices = "".join(
        f'<vertex x="{x}" y="{y}" z="{(x * y) % 3}"/>' for x in range(side) for y in range(side)
    )
    triangles = "".join(
        f'<triangle v1="{x * side + y}" v2="{x * side + y + 1}" v3="{(x + 1) * side + y}"/>'
        for x in range(side - 1)
        for y in range(side - 1)
    )
    mesh = f"<mesh><vertices>{vertices}</vertices><triangles>{triangles}</triangles></mesh>"
    content = model(f'<object id="1">{mesh}</object>', '<item objectid="1"/>')
    parts = {"3D/3dmodel.model": content}
    found = reduced(parts)
    assert found is not None
    assert 50 < len(found[1]) <= 500
    low, high = box(parts)
    assert low[0] <= 5
    assert high[0] >= 54


@pytest.mark.parametrize("content", [b"<model", b"<!DOCTYPE a [<!ENTITY b 'c'>]><model/>"])
def test_what_is_no_markup_is_refused(content: bytes) -> None:
    with pytest.raises(Refusal):
        reduced({"3D/3dmodel.model": content})
