"""Numbers in the slicer's notes."""

from services.inspection.refusal import Refusal


def number(text: str | None, *, most: float = 1e7, what: str = "number") -> float | None:
    """Return a number, or None where there is none; raise Refusal for what no slicer writes."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    if not 0 <= value <= most:
        raise Refusal(
            "absurd_number", f"The file gives a {what} that can't be. Slice and export it again."
        )
    return value


def whole(text: str | None, *, most: int) -> int | None:
    """Return a whole number from 0 to `most`, or None for anything else."""
    clean = (text or "").strip()
    if not clean.isascii() or not clean.isdigit() or len(clean) > 9:
        return None
    return int(clean) if int(clean) <= most else None
