"""Metadata/slice_info.config: what the slicer says of each plate. Shape: [K] slicers' exports."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from contracts.loaded import NeededFilament, PlateObject
from services.inspection.markup import tell_elements
from services.inspection.numbers import number, whole
from services.inspection.refusal import Refusal
from services.inspection.texts import plain

MAX_FILAMENTS = 64
MAX_WARNINGS = 20


@dataclass(frozen=True)
class SlicerWarning:
    """What the slicer remarks on; level 0 is a tip, from 1 on a warning."""

    message: str
    level: int


@dataclass
class PlateInfo:
    """A plate as described; `values` are its metadata by key."""

    values: dict[str, str] = field(default_factory=dict)
    filaments: list[NeededFilament] = field(default_factory=list)
    objects: list[PlateObject] = field(default_factory=list)
    warnings: list[SlicerWarning] = field(default_factory=list)

    @property
    def index(self) -> int | None:
        """The plate's number, from 1."""
        return whole(self.values.get("index"), most=999) or None

    @property
    def project_filaments(self) -> int:
        """How many filaments the project has, as far as the plate tells."""
        highest = max((needed.index for needed in self.filaments), default=0)
        return min(max(len(self.values.get("filament_maps", "").split()), highest), 64)

    def add(self, needed: NeededFilament) -> None:
        """Add a filament; one that is told twice, of two kinds, could be either."""
        told = next((each for each in self.filaments if each.index == needed.index), None)
        if told is not None and told.type != needed.type:
            raise _told_twice("a filament")
        if len(self.filaments) < MAX_FILAMENTS:
            self.filaments.append(needed)

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
    """All plates as described, and the slicer's version."""

    plates: dict[int, PlateInfo] = field(default_factory=dict)
    version: str = ""
    _open: PlateInfo | None = None

    def opened(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take an element in."""
        if tag == "plate":
            self._open = PlateInfo()
        elif tag == "header_item" and attributes.get("key") == "X-BBL-Client-Version":
            self.version = plain(attributes.get("value", ""), 64)
        elif self._open is not None:
            _take(self._open, tag, attributes)

    def closed(self, tag: str) -> None:
        """Take the end of an element in."""
        if tag == "plate" and self._open is not None:
            self._close(self._open)
            self._open = None

    def _close(self, plate: PlateInfo) -> None:
        """Keep a plate; of two with one number, readers may take either."""
        if plate.index is None or plate.index in self.plates:
            raise _told_twice("a plate")
        self.plates[plate.index] = plate


def read_slice_info(pieces: Iterable[bytes]) -> SliceInfo:
    """Return what the slicer says of the plates; raise Refusal if it can't be read."""
    info = SliceInfo()
    tell_elements(pieces, info.opened, info.closed, what="slice_info")
    return info


def _told_twice(what: str) -> Refusal:
    return Refusal(
        "plate_mismatch",
        f"The slicer's notes describe {what} twice, or without its number. Export it again.",
    )


def _take(plate: PlateInfo, tag: str, attributes: Mapping[str, str]) -> None:
    if tag == "metadata" and len(plate.values) < 100:
        plate.values[attributes.get("key", "")[:64]] = plain(attributes.get("value", ""), 4096)
    elif tag == "warning" and len(plate.warnings) < MAX_WARNINGS:
        level = whole(attributes.get("level"), most=9)
        message = plain(attributes.get("msg", ""), 200)
        plate.warnings.append(SlicerWarning(message, 1 if level is None else level))
    elif tag == "filament" and (needed := _filament(attributes)) is not None:
        plate.add(needed)
    elif tag == "object":
        identity = whole(attributes.get("identify_id"), most=2**31 - 1)
        name = plain(attributes.get("name", ""), 128)
        if identity is not None and attributes.get("skipped") != "true":
            plate.objects.append(PlateObject(id=identity, name=name))


def _filament(attributes: Mapping[str, str]) -> NeededFilament | None:
    index = whole(attributes.get("id"), most=64)
    if not index:
        return None
    return NeededFilament(
        index=index,
        type=plain(attributes.get("type", ""), 32),
        color=plain(attributes.get("color", ""), 9),
        used_g=number(attributes.get("used_g"), most=1e5, what="weight"),
        used_m=number(attributes.get("used_m"), most=1e5, what="length"),
    )
