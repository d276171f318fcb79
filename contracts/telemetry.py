"""Last-value-wins news of a printer: core NATS, coalesced, stored nowhere."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from contracts.ids import NodeName, PrinterId, RunId
from contracts.units import Celsius, Instant, Minutes, Percent

CAMERA_LEASE_S: Final = 20.0
"""How long a node shows pictures after the last wish for them."""
MAX_PICTURE_BYTES: Final = 200 * 1024
MAX_MESSAGES: Final = 16


class CameraLease(BaseModel):
    """A wish to see what a printer's camera sees, for CAMERA_LEASE_S from its arrival."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    printer_id: PrinterId


class PrinterMessage(BaseModel):
    """An error or health message that stands at the printer now, and what to do about it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str = Field(max_length=32, description="the maker's code, AAAA-BBBB or twice as long")
    text: str = Field(max_length=300)
    advice: str | None = Field(max_length=600)
    is_error: bool = Field(description="it fails or holds up a print; else it is to be known")


class PrinterTelemetry(BaseModel):
    """What changes too often to be a fact; None where the printer doesn't say."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", json_schema_serialization_defaults_required=True
    )

    node: NodeName
    printer_id: PrinterId
    run_id: RunId | None
    at: Instant
    nozzle_c: Celsius | None
    nozzle_target_c: Celsius | None
    bed_c: Celsius | None
    bed_target_c: Celsius | None
    percent: Percent | None
    layer: int | None = Field(ge=0)
    total_layers: int | None = Field(ge=0)
    minutes_left: Minutes | None
    stage: str | None
    upload_percent: Percent | None
    part_fan: Percent | None = None
    speed_percent: int | None = Field(default=None, ge=0, le=1000)
    wifi_dbm: int | None = Field(default=None, ge=-999, le=999)
    active_slot: int | None = Field(default=None, ge=0, le=254, description="as in Loaded")
    humidity_level: int | None = Field(
        default=None, ge=1, le=5, description="of the dampest AMS: 1 is wet, 5 is dry"
    )
    messages: tuple[PrinterMessage, ...] = Field(default=(), max_length=MAX_MESSAGES)
