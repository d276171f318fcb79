"""What the demo does: one sample file from submission to done, every step shown."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from deploy.local.demo.client import (
    DemoFailed,
    Json,
    Person,
    open_browser,
    sign_in,
)

STEP_TIMEOUT_S = 60.0
PRINT_TIMEOUT_S = 600.0
CONTROL_TIMEOUT_S = 5.0
_ENDED = {"done", "failed", "cancelled", "attention"}


@dataclass(frozen=True)
class DemoStack:
    """Where the running stack is."""

    url: str
    simulators: tuple[str, ...]
    """Control addresses of the simulated printers: the demo's hand that takes the part off."""
    submitter: str
    approver: str


@dataclass(frozen=True)
class DemoOutcome:
    """How the demo ended."""

    job_id: str
    status: str
    percent: int
    events: int
    seconds: float


class Demo:
    """One run of the demo."""

    def __init__(self, stack: DemoStack, sample: Path, console: Console) -> None:
        self._stack, self._sample, self._console = stack, sample, console
        self._content = sample.read_bytes()
        self._started = time.monotonic()
        self._events = 0

    async def run(self) -> DemoOutcome:
        """Return how it ended; raise DemoFailed when a step is not possible."""
        url = self._stack.url
        async with open_browser(url) as mias, open_browser(url) as adas:
            submitter = await sign_in(mias, self._stack.submitter)
            approver = await sign_in(adas, self._stack.approver)
            if not approver.is_admin:
                raise DemoFailed(f"{approver.name} is no admin and can't approve")
            self._say(f"signed in: {submitter.name} (member) and {approver.name} (admin)")
            async with _listening(approver) as news:
                job = await self._submit(submitter)
                await self._make_beds_clear(approver)
                await approver.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
                self._say(f"{approver.name} approved it: queued")
                final = await self._watch(approver, str(job["id"]), news)
        seconds = time.monotonic() - self._started
        return DemoOutcome(
            str(job["id"]), str(final["status"]), int(final["percent"]), self._events, seconds
        )

    def _say(self, step: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"[green]✓[/] {step} [dim]{seconds:.1f} s[/]", highlight=False)

    async def _submit(self, submitter: Person) -> Json:
        artifact = await submitter.upload(self._sample.name, self._content)
        self._say(f"{submitter.name} uploaded {self._sample.name}, straight to storage")
        deadline = time.monotonic() + STEP_TIMEOUT_S
        while artifact["state"] == "checking" and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
            artifact = await submitter.get(f"/api/artifacts/{artifact['id']}")
        if artifact["state"] != "ready":
            raise DemoFailed(f"the file was not accepted: {artifact['refusal'] or 'no answer'}")
        self._say("the file was checked: ready")
        submission = await submitter.post(
            "/api/submissions",
            {
                "artifact_id": artifact["id"],
                "plates": [{"plate": artifact["plates"][0]["index"], "copies": 1}],
                "note": f"demo {uuid4().hex[:6]}",
                "queue": "main",
            },
        )
        job: Json = submission["jobs"][0]
        self._say(f"{submitter.name} submitted job {job['id']}: {job['status']}")
        return job

    async def _make_beds_clear(self, approver: Person) -> None:
        """Say that free printers' beds are clear, after making them so."""
        await self._clear_plates()
        printers = await self._printers_heard(approver)
        for printer in printers:
            if printer["bed"]["state"] == "clear" or printer["current_job"] is not None:
                continue
            await approver.post(
                f"/api/printers/{printer['id']}/clear-bed", {"bed_seq": printer["bed"]["seq"]}
            )
            self._say(f"is the bed of {printer['name']} clear? {approver.name} looked: yes")

    async def _printers_heard(self, approver: Person) -> list[Json]:
        deadline = time.monotonic() + STEP_TIMEOUT_S
        while time.monotonic() < deadline:
            printers: list[Json] = await approver.get("/api/printers")
            if any(printer["is_online"] for printer in printers):
                return [printer for printer in printers if printer["is_online"]]
            await asyncio.sleep(0.2)
        raise DemoFailed("no printer is online")

    async def _clear_plates(self) -> None:
        async with httpx.AsyncClient(timeout=CONTROL_TIMEOUT_S) as control:
            for simulator in self._stack.simulators:
                state = (await control.get(f"{simulator}/state")).json()
                if state["gcode_state"] in {"IDLE", "FINISH", "FAILED"}:
                    await control.post(f"{simulator}/plate/clear")

    async def _watch(
        self, person: Person, job_id: str, news: "asyncio.Queue[tuple[str, Json]]"
    ) -> Json:
        """Show the run until it has ended; return the job as it then is."""
        columns = (
            TextColumn("  {task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
        )
        with Progress(*columns, TimeElapsedColumn(), console=self._console) as bars:
            bar = bars.add_task("waiting for a printer", total=100)
            async with asyncio.timeout(PRINT_TIMEOUT_S):
                while True:
                    job: Json = await person.get(f"/api/jobs/{job_id}")
                    self._show(bars, bar, job)
                    if job["status"] in _ENDED:
                        return job
                    await self._next_news_of(job_id, news, bars, bar)

    def _show(self, bars: Progress, bar: TaskID, job: Json) -> None:
        where = f" on {job['printer']['name']}" if job["printer"] else ""
        bars.update(
            bar,
            description=f"{job['phase'] or job['status']}{where}",
            completed=job["percent"] or 0,
        )

    async def _next_news_of(
        self, job_id: str, news: "asyncio.Queue[tuple[str, Json]]", bars: Progress, bar: TaskID
    ) -> None:
        """Return once a fact about the job other than its progress has come."""
        while True:
            event, data = await news.get()
            if event != "fact" or data.get("job_id") != job_id:
                continue
            self._events += 1
            if data["type"] != "job.progress":
                return
            bars.update(
                bar,
                completed=data["percent"],
                description=f"printing, layer {data['layer']}/{data['total_layers']}",
            )


@asynccontextmanager
async def _listening(person: Person) -> AsyncIterator["asyncio.Queue[tuple[str, Json]]"]:
    """Yield the person's news, heard from before the block begins."""
    news: asyncio.Queue[tuple[str, Json]] = asyncio.Queue(maxsize=10_000)
    heard = asyncio.Event()

    async def listen() -> None:
        async for item in person.feed():
            heard.set()
            await news.put(item)
        raise DemoFailed("the live feed ended")

    async with asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen())
        async with asyncio.timeout(STEP_TIMEOUT_S):
            await heard.wait()
        yield news
        listening.cancel()


def closing_line(outcome: DemoOutcome) -> str:
    """Return the last line of the demo."""
    return (
        f"demo: {outcome.status} job={outcome.job_id} progress={outcome.percent} "
        f"events={outcome.events} seconds={outcome.seconds:.1f}"
    )


def play(stack: DemoStack, sample: Path) -> int:
    """Run the demo on a running stack; return the exit code: 0 only when the job is done."""
    console = Console()
    outcome: DemoOutcome | None = None
    try:
        outcome = asyncio.run(Demo(stack, sample, console).run())
    except* (DemoFailed, httpx.HTTPError, TimeoutError) as group:
        console.print(f"demo: failed: {_sentence(group)}", highlight=False, soft_wrap=True)
    if outcome is None:
        return 1
    console.print(closing_line(outcome), highlight=False, soft_wrap=True)
    return 0 if outcome.status == "done" else 1


def _sentence(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error) or f"{type(error).__name__}: no answer in time"
