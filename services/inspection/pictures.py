"""The slicer's pictures in a file: only their heads are read here."""

from services.inspection.refusal import REBUILT, Refusal

MAX_PIXELS_A_SIDE = 4096
_PNG = b"\x89PNG\r\n\x1a\n"


def check_picture(head: bytes) -> None:
    """Raise Refusal if a picture is no PNG, or says that it is larger than slicers make them."""
    if not head.startswith(_PNG) or len(head) < 24:
        raise Refusal("odd_picture", f"A picture in the file is none (PNG). {REBUILT}")
    width, height = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if max(width, height) > MAX_PIXELS_A_SIDE:
        raise Refusal("picture_too_large", "A picture in the file is far too large.")
