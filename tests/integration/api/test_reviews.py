"""Prices and limits, what an approver has to know, what prints have cost."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlmodel import col, select

from contracts.events import JobRequeued, parse_event
from contracts.lifecycle import RunState
from contracts.loaded import Loaded, LoadedFilament
from services.db.tables.bus import Outbox
from services.db.tables.machines import Printer, PrinterState
from services.db.tables.people import Audit
from services.db.tables.shop import RunPrice
from services.db.tables.work import Artifact, Job, Queue
from tests.integration.api.people import Json, Someone, World, now, problem
from tests.integration.api.rows import announced_printer, new_run, plate_summary, ready_artifact

PRICES = {"currency": "EUR", "material_prices": {"pla": 20.0}, "electricity_per_h": 0.06}


@pytest_asyncio.fixture
async def mia(world: World) -> Someone:
    return await world.someone()


@pytest_asyncio.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada")


async def put(who: Someone, version: int, **settings: Any) -> httpx.Response:
    body = {"version": version, "settings": settings}
    return await who.http.put("/api/settings", json=body)


async def submit(world: World, who: Someone, queue: str = "main", **changes: Any) -> Json:
    """Return a new job of a plate that differs like this."""
    plate = plate_summary().model_copy(update=changes)
    inspection = {"plates": [plate.model_dump(mode="json")]}
    artifact = await ready_artifact(world, who.id, inspection=inspection)
    body = {
        "artifact_id": str(artifact.id),
        "plates": [{"plate": 1, "copies": 1}],
        "queue": queue,
    }
    (job,) = (await who.post("/api/submissions", body))["jobs"]
    return dict(job)


async def new_queue(world: World) -> str:
    name = f"q-{uuid4().hex[:8]}"
    await world.add(Queue(name=name, title=name, is_held=False, created_at=now()))
    return name


async def printer_in(world: World, queue: str, loaded: Loaded, **changes: Any) -> PrinterState:
    """Add a printer to a queue, and what it has loaded."""
    state = await announced_printer(world, loaded=loaded.model_dump(mode="json"), **changes)
    printer = await world.row(Printer, state.printer_id)
    printer.queue = queue
    await world.add(printer)
    return state


def p1s(*filaments: LoadedFilament, has_ams: bool = False) -> Loaded:
    return Loaded(model="C12", nozzle_mm=0.4, has_ams=has_ams, filaments=filaments)


class TestSettings:
    async def test_admin_sets_and_everybody_else_is_kept_out(
        self, world: World, ada: Someone, mia: Someone
    ) -> None:
        assert (await ada.get("/api/settings"))["version"] == 0
        answer = await put(ada, 0, **PRICES)
        assert answer.json()["settings"]["material_prices"] == {"PLA": 20.0}
        assert await ada.get("/api/settings") == answer.json()
        assert problem(await mia.http.get("/api/settings"))["status"] == 403
        assert problem(await put(mia, 1, **PRICES))["status"] == 403
        trail = await world.select(select(Audit.action).where(col(Audit.user_id) == ada.id))
        assert trail == ["shop.change"]

    async def test_change_of_something_older_is_refused(self, ada: Someone) -> None:
        assert (await put(ada, 0, **PRICES)).json()["version"] == 1
        for version in (0, 2):
            refusal = problem(await put(ada, version, currency="USD"))
            assert (refusal["status"], refusal["type"]) == (409, "/problems/settings-changed")
        assert (await put(ada, 1, currency="USD")).json()["version"] == 2

    @pytest.mark.parametrize(
        "settings",
        [
            {"currency": "euro"},
            {"material_prices": {"PLA": -1}},
            {"material_prices": {"": 1}},
            {"electricity_per_h": "NaN"},
            {"max_print_s": 1},
            {"queue_max_print_s": {"no queue": 600}},
            {"surprise": 1},
        ],
    )
    async def test_nonsense_is_refused(self, ada: Someone, settings: Json) -> None:
        assert problem(await put(ada, 0, **settings))["status"] == 422

    async def test_queued_jobs_are_offered_again(
        self, world: World, ada: Someone, mia: Someone
    ) -> None:
        job = await submit(world, mia)
        await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
        await put(ada, 0, allows_family=True)
        about = col(Outbox.subject).endswith(job["id"])
        rows = await world.select(select(Outbox).where(about).order_by(col(Outbox.seq)))
        assert isinstance(parse_event(rows[-1].body), JobRequeued)

    async def test_print_that_is_too_long_is_not_taken(
        self, world: World, ada: Someone, mia: Someone
    ) -> None:
        queue = await new_queue(world)
        await put(ada, 0, max_print_s=599, queue_max_print_s={queue: 600})
        await submit(world, mia, queue)
        artifact = await ready_artifact(world, mia.id)
        body = {"artifact_id": str(artifact.id), "plates": [{"plate": 1, "copies": 1}]}
        refusal = await mia.refused("/api/submissions", body)
        assert (refusal["status"], refusal["type"]) == (409, "/problems/print-too-long")
        assert "Plate 1" in refusal["detail"]


class TestReview:
    async def test_says_for_each_printer_which_tray_or_why_not(
        self, world: World, ada: Someone, mia: Someone
    ) -> None:
        queue = await new_queue(world)
        red = LoadedFilament(slot=0, type="PLA", color="#FF0000")
        white = LoadedFilament(slot=1, type="PLA", color="#FEFEFE", remaining_g=1.0)
        await printer_in(world, queue, p1s(red, white, has_ams=True))
        petg = LoadedFilament(slot=254, type="PETG", color="#FFFFFF")
        await printer_in(world, queue, p1s(petg), is_online=False)
        job = await submit(world, mia, queue)
        artifact = await world.row(Artifact, UUID(job["artifact_id"]))
        made_by = {"name": "OrcaSlicer", "version": "2.3.0"}
        artifact.inspection = {**artifact.inspection, "slicer": made_by}
        await world.add(artifact)
        review = await ada.get(f"/api/jobs/{job['id']}/review")
        assert review["slicer"] == made_by
        assert review["model_name"] == "P1S"
        assert review["plate"]["layers"] is None
        fits = {fit["is_online"]: fit for fit in review["printers"]}
        (feed,) = fits[True]["feeds"]
        assert (feed["tray"]["slot"], feed["is_short"], feed["is_external"]) == (0, False, False)
        assert feed["color_distance"] > 10
        assert fits[True]["why_not"] is None
        assert fits[False]["feeds"] == []
        assert fits[False]["why_not"]["code"] == "not_loaded"
        assert fits[False]["why_not"]["params"]["missing"] == "PLA"

    async def test_owner_sees_the_cost_and_strangers_nothing(
        self, world: World, ada: Someone, mia: Someone
    ) -> None:
        job = await submit(world, mia)
        path = f"/api/jobs/{job['id']}/review"
        assert (await mia.get(path))["cost"] is None
        await put(ada, 0, **PRICES)
        cost = (await mia.get(path))["cost"]
        assert (cost["material"], cost["electricity"], cost["total"]) == (0.07, 0.01, 0.08)
        stranger = await world.someone()
        assert problem(await stranger.http.get(path))["status"] == 404

    async def test_wait_reason_has_code_values_and_sentence(
        self, world: World, mia: Someone
    ) -> None:
        job = await submit(world, mia)
        row = await world.row(Job, UUID(job["id"]))
        row.wait_reason, row.wait_code = "It needs PETG.", "not_loaded"
        row.wait_params = {"needs": "PETG"}
        await world.add(row)
        shown = await mia.get(f"/api/jobs/{job['id']}")
        assert shown["wait_reason"] == {
            "code": "not_loaded",
            "params": {"needs": "PETG"},
            "text": "It needs PETG.",
        }


class TestSummary:
    async def ended(
        self, world: World, who: Someone, state: RunState, price: RunPrice | None, **changes: Any
    ) -> None:
        job = await submit(world, who)
        printer = await announced_printer(world)
        started = now() - timedelta(hours=2)
        times = {"started_at": started, "ended_at": started + timedelta(hours=1)}
        run = new_run(UUID(job["id"]), printer, state, **{**times, **changes})
        await world.add(run)
        if price is not None:
            price.run_id = run.id
            await world.add(price)

    def price(self) -> RunPrice:
        return RunPrice(
            run_id=uuid4(),
            currency="EUR",
            material=Decimal("2.00"),
            electricity_per_h=Decimal("0.50"),
            weight_g=100.0,
        )

    async def test_broken_off_prints_count_in_part_and_unstarted_ones_not(
        self, world: World, mia: Someone, ada: Someone
    ) -> None:
        await self.ended(world, mia, RunState.DONE, self.price(), percent=100)
        await self.ended(world, mia, RunState.FAILED, self.price(), percent=25)
        await self.ended(world, mia, RunState.CANCELLED, self.price(), started_at=None)
        await self.ended(world, mia, RunState.PRINTING, self.price())
        (mine,) = (await mia.get("/api/jobs/summary"))["items"]
        assert mine["owner"]["id"] == str(mia.id)
        assert (mine["prints"], mine["done"], mine["currency"]) == (2, 1, "EUR")
        assert mine["weight_g"] == pytest.approx(125.0)
        assert mine["print_s"] == pytest.approx(7200.0)
        assert mine["cost"] == pytest.approx(2.0 + 0.5 + 0.5 + 0.5)
        everybody = (await ada.get("/api/jobs/summary", scope="all"))["items"]
        assert mine in everybody

    async def test_runs_without_a_price_are_told_apart(self, world: World, mia: Someone) -> None:
        await self.ended(world, mia, RunState.DONE, None)
        (item,) = (await mia.get("/api/jobs/summary"))["items"]
        assert (item["currency"], item["cost"], item["prints"]) == (None, None, 1)

    async def test_everybody_is_for_admins(self, mia: Someone) -> None:
        refusal = problem(await mia.http.get("/api/jobs/summary", params={"scope": "all"}))
        assert refusal["status"] == 403
