"""Metadata/slice_info.config: what the slicer says of each plate. Shape: [K] slicers' exports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.loaded import NeededFilament, PlateObject
from services.inspection.markup import tell_elements
from services.inspection.numbers import number, whole

MAX_WARNINGS = 50


@dataclass
class PlateInfo:
    """A plate as described; `values` are its metadata by key."""

    values: dict[str, str] = field(default_factory=dict)
    filaments: list[NeededFilament] = field(default_factory=list)
    objects: list[PlateObject] = field(default_factory=list)

    @property
    def index(self) -> int | None:
        """The plate's number, from 1."""
        return whole(self.values.get("index"), most=999) or None

    @property
    def project_filaments(self) -> int:
        """How many filaments the project has, as far as the plate tells."""
        highest = max((needed.index for needed in self.filaments), default=0)
        return min(max(len(self.values.get("filament_maps", "").split()), highest), 64)

    def number(self, key: str, *, most: float) -> float | None:
        """Return a number of the metadata."""
        return number(self.values.get(key), most=most, what=key)

    def flag(self, key: str) -> bool | None:
        """Return a yes or no of the metadata."""
        return {"true": True, "1": True, "false": False, "0": False}.get(
            self.values.get(key, "").lower()
        )


@dataclass
class SliceInfo:
    """All plates as described, and the slicer's version and warnings."""

    plates: dict[int, PlateInfo] = field(default_factory=dict)
    version: str = ""
    warnings: list[str] = field(default_factory=list)
    _open: PlateInfo | None = None

    def opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take an element in."""
        if tag == "plate":
            self._open = PlateInfo()
        elif tag == "header_item" and attributes.get("key") == "X-BBL-Client-Version":
            self.version = attributes.get("value", "")[:64]
        elif self._open is not None:
            _take(self._open, tag, attributes)
            if tag == "warning" and len(self.warnings) < MAX_WARNINGS:
                self.warnings.append(attributes.get("msg", "")[:200])

    def closed(self, tag: str) -> None:
        """Take the end of an element in."""
        if tag == "plate" and self._open is not None:
            if self._open.index is not None:
                self.plates.setdefault(self._open.index, self._open)
            self._open = None


def read_slice_info(pieces: Iterable[bytes]) -> SliceInfo:
    """Return what the slicer says of the plates; raise Refusal if it can't be read."""
    info = SliceInfo()
    tell_elements(pieces, info.opened, info.closed, what="slice_info")
    return info


def _take(plate: PlateInfo, tag: str, attributes: Mapping[str, str]) -> None:
    if tag == "metadata" and len(plate.values) < 100:
        plate.values[attributes.get("key", "")[:64]] = attributes.get("value", "")[:4096]
    elif tag == "filament" and (needed := _filament(attributes)) is not None:
        if len(plate.filaments) < 64:
            plate.filaments.append(needed)
    elif tag == "object":
        identity = whole(attributes.get("identify_id"), most=2**31 - 1)
        name = attributes.get("name", "")[:128]
        if identity is not None and attributes.get("skipped") != "true":
            plate.objects.append(PlateObject(id=identity, name=name))


def _filament(attributes: Mapping[str, str]) -> NeededFilament | None:
    index = whole(attributes.get("id"), most=64)
    if not index:
        return None
    return NeededFilament(
        index=index,
        type=attributes.get("type", "")[:32],
        color=attributes.get("color", "")[:9],
        used_g=number(attributes.get("used_g"), most=1e5, what="weight"),
        used_m=number(attributes.get("used_m"), most=1e5, what="length"),
    )
