"""XML in constant memory: elements are told as they come, and nothing is kept."""

from collections.abc import Callable, Iterable, Mapping
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from services.inspection.refusal import Refusal

MAX_DEPTH = 64
MAX_ELEMENTS = 1_000_000
Opened = Callable[[str, Mapping[str, str]], None]


class _Teller:
    """The target that the parser feeds."""

    def __init__(self, opened: Opened, closed: Callable[[str], None], most: int) -> None:
        self._opened, self._closed, self._most = opened, closed, most
        self._depth = self._elements = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > self._most:
            raise Refusal("deep_xml", "The slicer's notes in the file are built as none are.")
        self._opened(tag.rpartition("}")[2], attributes)

    def end(self, tag: str) -> None:
        self._depth -= 1
        self._closed(tag.rpartition("}")[2])

    def close(self) -> None:
        """Return nothing: all has been told."""


def tell_elements(
    pieces: Iterable[bytes],
    opened: Opened,
    closed: Callable[[str], None],
    *,
    what: str,
    most: int = MAX_ELEMENTS,
) -> None:
    """Call `opened` and `closed` for each element; raise Refusal if `what` is no plain XML."""
    parser = DefusedXMLParser(
        target=_Teller(opened, closed, most),
        forbid_dtd=True,
        forbid_entities=True,
        forbid_external=True,
    )
    try:
        for piece in pieces:
            parser.feed(piece)
        parser.close()
    except DefusedXmlException as exc:
        raise Refusal("xml_entities", f"{what} defines entities, as no slicer does.") from exc
    except (ParseError, ValueError, LookupError) as exc:
        raise Refusal(
            f"bad_{what}",
            f"The slicer's notes in the file ({what}) can't be read. Export it again.",
        ) from exc
