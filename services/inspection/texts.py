"""Words of a stranger's file, fit to be shown and stored."""


def plain(text: str, most: int) -> str:
    """Return the beginning of a text; what can't be shown or stored (NUL, half a pair) is blank."""
    return "".join(sign if sign.isprintable() else " " for sign in text[:most])
