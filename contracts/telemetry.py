"""Last-value-wins news of a printer: core NATS, coalesced, stored nowhere."""

from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from contracts.ids import NodeName, PrinterId, RunId
from contracts.units import Celsius, Instant, Minutes, Percent

CAMERA_LEASE_S: Final = 20.0
"""How long a node shows pictures after the last wish for them."""
MAX_PICTURE_BYTES: Final = 200 * 1024


class CameraLease(BaseModel):
    """A wish to see what a printer's camera sees, for CAMERA_LEASE_S from its arrival."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    printer_id: PrinterId


class PrinterTelemetry(BaseModel):
    """What changes too often to be a fact; None where the printer doesn't say."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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
