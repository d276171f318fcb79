"""Reports, offers and clocks to test with."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from contracts.ids import ClaimId, CorrelationId, JobId, PrinterId, RunId
from contracts.loaded import Loaded
from contracts.rpc import ArtifactRef, JobSpec, RunOffer
from edge.bambu.codes.decode import error_fault
from edge.parts import Parts
from edge.printer import Fault, PrinterReport, PrinterState

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
SERIAL = "01P00A000000001"
PRINTER = PrinterId(UUID("00000000-0000-4000-8000-000000000001"))
P1S = Loaded(model="C12", nozzle_mm=0.4, has_ams=False, filaments=())
SESSION = "session-1"


class FakeClock:
    """Clocks that stand still until they are moved."""

    def __init__(self) -> None:
        self.boot_s = 1000.0
        self.boot = "boot-1"
        self.wall = NOON

    def now(self) -> datetime:
        return self.wall

    def boottime(self) -> float:
        return self.boot_s

    def boot_id(self) -> str:
        return self.boot


def fault(print_error: int) -> Fault:
    """Return what a print_error means."""
    found = error_fault(print_error)
    assert found is not None
    return found


def report(state: PrinterState = PrinterState.IDLE, **changes: object) -> PrinterReport:
    """Return an idle printer's report with changes."""
    base = PrinterReport(
        session=SESSION,
        received_at=1000.0,
        full_at=1000.0,
        is_full=True,
        state=state,
        subtask_name="",
        subtask_id="0",
        task_id="0",
        file_name="",
        print_kind="idle",
        percent=0,
        layer=0,
        total_layers=0,
        minutes_left=0,
        stage=None,
        stages_ahead=(),
        nozzle_c=25.0,
        nozzle_target_c=0.0,
        bed_c=25.0,
        bed_target_c=0.0,
        faults=(),
        loaded=P1S,
        firmware="01.08.02.00",
        has_storage=True,
        is_updating=False,
        light_on=True,
        speed_level=2,
        speed_percent=100,
        skipped_objects=(),
        parts=Parts(),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def offer(sid: int = 77, **changes: object) -> RunOffer:
    """Return a run as dispatch offers it."""
    base = RunOffer(
        claim_id=ClaimId(uuid4()),
        run_id=RunId(uuid4()),
        run_no=1,
        sid=sid,
        printer_epoch=1,
        start_within_s=3600,
        transfer_within_s=300,
        spec=spec(),
        artifact=ArtifactRef(
            sha256="a" * 64, size_bytes=10, url="http://127.0.0.1/x", url_expires_at=NOON
        ),
        correlation_id=CorrelationId(uuid4()),
        server_time=NOON,
    )
    return base.model_copy(update=changes)


def spec(**changes: object) -> JobSpec:
    """Return a job for a P1S."""
    base = JobSpec(
        job_id=JobId(uuid4()),
        name="cube",
        plate=1,
        gcode_path="Metadata/plate_1.gcode",
        model="C12",
        nozzle_mm=0.4,
        estimate_s=600,
        filaments=(),
        use_ams=False,
        ams_mapping=(),
    )
    return base.model_copy(update=changes)
