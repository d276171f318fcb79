"""The JSON and XML that describe the project: settings, names of plates and what lies on them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.inspection.markup import tell_elements
from services.inspection.numbers import whole
from services.inspection.refusal import Refusal
from services.inspection.texts import plain

MAX_JSON_BYTES = 1024 * 1024
MAX_PARTS = 1_000


@dataclass(frozen=True)
class Settings:
    """Settings by name; every getter returns None for what is not there or of another kind."""

    values: Mapping[str, Any]  # bytes enter here

    def text(self, key: str) -> str | None:
        """Return a text, or the first of a list of texts."""
        value = self.values.get(key)
        if isinstance(value, list):
            value = value[0] if value else None
        return plain(str(value), 64) if isinstance(value, str | int | float) else None

    def texts(self, key: str) -> list[str]:
        """Return a list of texts."""
        value = self.values.get(key)
        return [plain(str(item), 64) for item in value[:64]] if isinstance(value, list) else []

    def parts(self, key: str) -> list["Settings"]:
        """Return a list of objects."""
        value = self.values.get(key)
        found = value[:MAX_PARTS] if isinstance(value, list) else []
        return [Settings(item) for item in found if isinstance(item, dict)]


def read_json(content: bytes | None, *, what: str) -> Settings:
    """Return the settings of a JSON object; empty when there are none, or far too many."""
    if content is None:
        return Settings({})
    try:
        values = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise Refusal(
            f"bad_{what}",
            f"The slicer's notes in the file ({what}) can't be read. Export it again.",
        ) from exc
    return Settings(values if isinstance(values, dict) else {})


def _no_constant(name: str) -> float:
    raise ValueError(name)


@dataclass
class PlateNames:
    """Metadata/model_settings.config: each plate's name and the program that belongs to it."""

    names: dict[int, str] = field(default_factory=dict)
    programs: dict[int, str] = field(default_factory=dict)
    _open: dict[str, str] | None = None
    _depth: int = 0

    def opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take an element in."""
        if tag == "plate":
            self._open = {}
        elif tag == "model_instance":
            self._depth += 1
        elif tag == "metadata" and self._open is not None and not self._depth:
            self._open[attributes.get("key", "")[:64]] = attributes.get("value", "")[:256]

    def closed(self, tag: str) -> None:
        """Take the end of an element in."""
        if tag == "model_instance":
            self._depth = max(0, self._depth - 1)
        elif tag == "plate" and self._open is not None:
            index = whole(self._open.get("plater_id"), most=999)
            if index:
                self.names[index] = plain(self._open.get("plater_name", ""), 128)
                self.programs[index] = self._open.get("gcode_file", "")
            self._open = None


def read_plate_names(pieces: Iterable[bytes]) -> PlateNames:
    """Return the plates' names; raise Refusal if they can't be read."""
    names = PlateNames()
    tell_elements(pieces, names.opened, names.closed, what="model_settings")
    return names
