"""A plate's picture: decoded and written anew, so that no byte of a stranger's file is served."""

import io
import warnings

from PIL import Image

MAX_BYTES = 4 * 1024 * 1024
MAX_SIDE_IN = 4096
SIDE = 512


def redraw(content: bytes) -> bytes | None:
    """Return a PNG of at most SIDE x SIDE; None where the content is no PNG that can be drawn."""
    if len(content) > MAX_BYTES:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
                if max(picture.size) > MAX_SIDE_IN or min(picture.size) < 1:
                    return None
                picture.draft(None, (SIDE, SIDE))
                drawn = picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning):
        return None
    drawn.thumbnail((SIDE, SIDE))
    drawn.info.clear()
    output = io.BytesIO()
    drawn.save(output, format="PNG", optimize=True)
    return output.getvalue()
