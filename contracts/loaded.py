"""What a printer has to offer and what a plate asks for: the two sides of "does it fit"."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from contracts.findings import Finding
from contracts.units import Grams, Metres, Millimetres

_GROWN = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)
"""Fields that came later have a default, so that what was stored before is still read."""


Bounds = Annotated[
    tuple[float, float, float, float, float, float],
    WithJsonSchema({"type": "array", "items": {"type": "number"}, "minItems": 6, "maxItems": 6}),
]
"""As a plain array in schemas: generated clients lose the length of a tuple."""


class LoadedFilament(BaseModel):
    """A filament in one tray; slot 0-15 in the AMS (unit * 4 + tray), 254 the external spool."""

    model_config = _GROWN

    slot: int = Field(ge=0, le=254)
    type: str = Field(max_length=32, description="PLA, PETG ...; empty when the printer can't tell")
    color: str = Field(max_length=9, description="#RRGGBB or empty")
    remaining_g: Grams | None = Field(default=None, description="null: the printer can't tell")


class Loaded(BaseModel):
    """What a printer is and has: compared with the plate's needs at the claim."""

    model_config = ConfigDict(frozen=True)

    model: str = Field(max_length=32, description="the maker's model id: C12 is the P1S")
    nozzle_mm: Millimetres | None
    has_ams: bool
    filaments: tuple[LoadedFilament, ...]


class NeededFilament(BaseModel):
    """A filament that a plate uses; `index` is 1-based over the project's filaments."""

    model_config = _GROWN

    index: int = Field(ge=1, le=64)
    type: str = Field(max_length=32)
    color: str = Field(max_length=9)
    used_g: Grams | None
    used_m: Metres | None
    in_ams: bool | None = Field(default=None, description="the file changes to it by itself")
    is_support: bool | None = None


class PlateObject(BaseModel):
    """A thing on a plate; `id` is the slicer's."""

    model_config = ConfigDict(frozen=True)

    id: int
    name: str = Field(max_length=128)


class PlateSummary(BaseModel):
    """One plate of an artifact, as far as it is known; None means that the file doesn't say."""

    model_config = _GROWN

    index: int = Field(ge=1, le=999)
    gcode_path: str = Field(max_length=128)
    model: str | None
    nozzle_mm: Millimetres | None
    estimate_s: int | None = Field(ge=0)
    weight_g: Grams | None
    filaments: tuple[NeededFilament, ...]
    project_filaments: int = Field(ge=0, le=64, description="length of ams_mapping")
    name: str = Field(default="", max_length=128, description="given by a person, or empty")
    layers: int | None = Field(default=None, ge=0)
    layer_height_mm: Millimetres | None = None
    height_mm: Millimetres | None = None
    bed_type: str | None = Field(default=None, max_length=64, description="as the slicer says it")
    has_supports: bool | None = None
    objects: tuple[PlateObject, ...] = ()
    bounds_mm: Bounds | None = Field(
        default=None, description="least x, y, z and greatest x, y, z of what is extruded"
    )
    findings: tuple[Finding, ...] = ()
