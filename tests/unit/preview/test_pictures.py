"""A stranger's picture drawn anew."""

import io
import zlib

import pytest
from PIL import Image, PngImagePlugin

from services.preview.pictures import MAX_SIDE_IN, SIDE, redraw


def png(width: int, height: int, mode: str = "RGBA", **options: object) -> bytes:
    output = io.BytesIO()
    Image.new(mode, (width, height)).save(output, format="PNG", **options)
    return output.getvalue()


def size_of(content: bytes | None) -> tuple[int, int]:
    assert content is not None
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "PNG"
        return picture.size


@pytest.mark.parametrize("mode", ["RGBA", "RGB", "P", "L", "1", "LA", "I;16"])
def test_a_picture_of_any_kind_is_drawn(mode: str) -> None:
    assert size_of(redraw(png(64, 32, mode))) == (64, 32)


def test_a_large_one_gets_small_and_keeps_its_shape() -> None:
    assert size_of(redraw(png(2048, 1024))) == (SIDE, SIDE // 2)


@pytest.mark.asvs("V5.2.2")
def test_what_is_written_beside_the_picture_is_gone() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "<script>alert(1)</script>")
    content = png(16, 16, pnginfo=notes) + b"<script>behind the end</script>"
    assert b"script" in content
    drawn = redraw(content)
    assert drawn is not None
    assert b"script" not in drawn


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg/>",
        png(16, 16)[:40],
        png(MAX_SIDE_IN + 1, 1),
        b"\x89PNG\r\n\x1a\n" + zlib.compress(bytes(1000)),
        bytes(5 * 1024 * 1024),
    ],
    ids=["empty", "gif", "svg", "cut off", "too wide", "no chunks", "too many bytes"],
)
@pytest.mark.asvs("V5.2.6", "V1.3.4")
def test_what_is_no_picture_is_none(content: bytes) -> None:
    assert redraw(content) is None
