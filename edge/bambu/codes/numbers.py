"""How the printer's error numbers are written, and where its maker writes about them.

Two kinds: `print_error`, one number that stays until it is cleared, and `hms`, a list of
health messages that vanish with their condition. [K PYB, STU]
"""

from typing import Final, NamedTuple

from edge.printer import Severity

DEVELOPER_MODE: Final = (
    "On the printer's screen: Settings, then Network, switch on LAN Only Mode and then Developer "
    "Mode. The access code changes: enter the new one in the node's settings."
)
_WIKI = "https://wiki.bambulab.com/en/x1/troubleshooting/hmscode"
"""One page for every model's health messages. [S PYB]"""
_SEVERITIES = (None, Severity.FATAL, Severity.SERIOUS, Severity.COMMON, Severity.INFO)


class Meaning(NamedTuple):
    """What a code says, in a sentence, and what to do about it."""

    text: str
    advice: str | None = None


def error_code(print_error: int) -> str:
    """Return a print_error as AAAA-BBBB: 50348044 is 0300-400C."""
    return f"{print_error >> 16 & 0xFFFF:04X}-{print_error & 0xFFFF:04X}"


def hms_code(attr: int, code: int) -> str:
    """Return a health message as AAAA-AAAA-CCCC-CCCC."""
    return f"{error_code(attr)}-{error_code(code)}"


def severity_of(code: int) -> Severity | None:
    """Return how bad a health message is, from its `code`; None for what has no word. [K PYB]"""
    level = code >> 16 & 0xFFFF
    return _SEVERITIES[level] if level < len(_SEVERITIES) else None


def wiki_key(name: str) -> str:
    """Return the key of a health message in the maker's wiki: HMS_0500_0500_0001_0007. [K PYB]"""
    return f"HMS_{name.replace('-', '_')}"


def wiki_advice(name: str) -> str:
    """Return where to read about a code that we don't know."""
    if name.count("-") == 1:
        return f"Look up the error {name} in the printer's app or in the maker's wiki."
    return f"Look up {wiki_key(name)} in the maker's wiki: {_WIKI}/{name.replace('-', '_')}"
