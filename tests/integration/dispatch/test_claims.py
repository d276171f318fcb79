"""The claim: one transaction that decides what a printer gets."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from contracts.ids import UserId
from contracts.lifecycle import Resolution
from contracts.loaded import Loaded
from contracts.rpc import Behind, NoJob, RefusalCode, Refused, RunOffer
from contracts.waiting import RequeueReason
from services.jobs import resolving, ringing
from services.jobs.actors import Actor
from services.jobs.claims import PAGE
from tests.builders.rows import LOADED, plate
from tests.integration.dispatch.conftest import Answer, Desk

PETG = [{"index": 1, "type": "PETG", "color": "#000000", "used_g": 1.0, "used_m": 1.0}]


def now() -> datetime:
    return datetime.now(UTC)


async def say(desk: Desk, run_id: UUID, outcome: Resolution) -> None:
    """Put a person's word on a run, as the API does."""
    ada = Actor(UserId(desk.shop.owner_id), is_admin=True, ip=None)
    async with desk.sessions() as session, session.begin():
        await resolving.resolve(session, ada, run_id, outcome, "I looked.", now())


def code_of(answer: Answer) -> RefusalCode:
    assert isinstance(answer, Refused), answer
    return answer.code


class TestWhatIsNext:
    async def test_first_in_the_queue_comes_first(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        second = await desk.shop.job(rank=2000)
        first = await desk.shop.job(rank=1000)
        offer = await desk.offer(printer)
        assert offer.spec.job_id == first
        assert offer.artifact.url.startswith("http://127.0.0.1:9/layerline/blob/")
        assert (await desk.row("job", first))["run_id"] == offer.run_id
        assert (await desk.row("job", second))["run_id"] is None
        (told,) = await desk.told("job.claimed")
        assert (told.run_id, told.sid, told.job_id) == (offer.run_id, offer.sid, first)

    @pytest.mark.asvs("V2.3.4", "V15.4.1", "V15.4.2")
    async def test_printers_that_ask_at_once_get_different_jobs(self, desk: Desk) -> None:
        printers = [await desk.shop.printer(f"01S00C00000000{n}") for n in range(5)]
        jobs = {await desk.shop.job() for _ in range(4)}
        answers = await asyncio.gather(*(desk.claim(printer) for printer in printers))
        offers = [answer for answer in answers if isinstance(answer, RunOffer)]
        assert {offer.spec.job_id for offer in offers} == jobs
        assert len(offers) == 4
        assert len({offer.sid for offer in offers}) == 4

    async def test_job_that_does_not_fit_says_why_and_lets_others_pass(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        petg = await desk.shop.job(needs=plate(filaments=PETG))
        pla = await desk.shop.job()
        assert (await desk.offer(printer)).spec.job_id == pla
        row = await desk.row("job", petg)
        assert row["wait_reason"].startswith("It needs PETG; loaded is PLA.")
        assert row["wait_code"] == "not_loaded"
        assert json.loads(row["wait_params"])["missing"] == "PETG"

    @pytest.mark.asvs("V15.4.4")
    async def test_fitting_job_is_found_behind_many_that_do_not_fit(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        for _ in range(3):
            await desk.shop.job(needs=plate(filaments=PETG))
        await desk.connection.execute(
            "INSERT INTO job SELECT (jsonb_populate_record(job, jsonb_build_object("
            "'id', gen_random_uuid(), 'copy_no', 1000 + n, 'rank', 10 + n))).* "
            "FROM job, generate_series(1, $1) AS n WHERE copy_no = 1",
            2 * PAGE,
        )
        pla = await desk.shop.job(rank=10**6)
        assert (await desk.offer(printer)).spec.job_id == pla

    async def test_nothing_fits_gives_the_reasons(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job(needs=plate(nozzle_mm=0.6))
        answer = await desk.claim(printer)
        assert isinstance(answer, NoJob)
        (reason,) = answer.reasons
        assert reason.startswith("The file is sliced for a 0.6 mm nozzle, the printer has 0.4 mm.")

    async def test_mapping_and_prices_are_fixed_by_what_is_loaded(self, desk: Desk) -> None:
        settings = {"material_prices": {"PLA": 20.0}, "electricity_per_h": 0.5}
        await desk.connection.execute(
            "INSERT INTO shop (id, content, version, updated_at, updated_by) "
            "VALUES (1, $1, 1, now(), $2)",
            json.dumps(settings),
            desk.shop.owner_id,
        )
        printer = await desk.shop.printer()
        await desk.shop.job()
        trays = [
            {"slot": 0, "type": "PLA", "color": "#000000"},
            {"slot": 3, "type": "PLA", "color": "#F0F0F0"},
        ]
        loaded = {**LOADED, "has_ams": True, "filaments": trays}
        offer = await desk.offer(printer, loaded=Loaded.model_validate(loaded))
        assert (offer.spec.use_ams, offer.spec.ams_mapping) == (True, (3,))
        price = await desk.connection.fetchrow(
            "SELECT * FROM run_price WHERE run_id = $1", offer.run_id
        )
        assert (price["currency"], float(price["material"])) == ("EUR", 0.06)
        assert (float(price["electricity_per_h"]), price["weight_g"]) == (0.5, 3.0)

    @pytest.mark.parametrize("is_allowed", [False, True])
    async def test_family_prints_where_the_operator_allows(
        self, desk: Desk, is_allowed: bool
    ) -> None:
        await desk.connection.execute(
            "INSERT INTO shop (id, content, version, updated_at, updated_by) "
            "VALUES (1, $1, 1, now(), $2)",
            json.dumps({"allows_family": is_allowed}),
            desk.shop.owner_id,
        )
        printer = await desk.shop.printer()
        await desk.shop.job(needs=plate(model="BL-P001"))
        answer = await desk.claim(printer)
        assert isinstance(answer, RunOffer if is_allowed else NoJob)
        if isinstance(answer, RunOffer):
            assert answer.spec.model == "C12"

    async def test_job_waits_for_its_time(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        job = await desk.shop.job(not_before=now() + timedelta(seconds=30))
        assert isinstance(await desk.claim(printer), NoJob)
        await desk.connection.execute(
            "UPDATE job SET not_before = now() - interval '1 s' WHERE id = $1", job
        )
        assert (await desk.offer(printer)).spec.job_id == job

    async def test_held_queue_gives_nothing(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job()
        await desk.connection.execute("UPDATE queue SET is_held = true")
        assert isinstance(await desk.claim(printer), NoJob)

    @pytest.mark.parametrize("state", ["submitted", "rejected", "withdrawn", "cancelled"])
    async def test_only_approved_jobs_are_given(self, desk: Desk, state: str) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job(state=state)
        assert isinstance(await desk.claim(printer), NoJob)


class TestSameQuestion:
    async def test_I4_same_claim_gets_the_same_run(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job()
        await desk.shop.job()
        claim_id = uuid4()
        answers = await asyncio.gather(*(desk.offer(printer, claim_id=claim_id) for _ in range(4)))
        assert len({(answer.run_id, answer.sid, answer.spec.job_id) for answer in answers}) == 1
        assert len(await desk.told("job.claimed")) == 1

    async def test_claim_whose_run_is_over_is_rung_for_a_new_one(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job()
        await desk.shop.job()
        claim_id = uuid4()
        offer = await desk.offer(printer, claim_id=claim_id)
        await desk.set_run(offer.run_id, "done")
        assert isinstance(await desk.claim(printer, claim_id=claim_id), NoJob)
        assert len(await desk.told("job.requeued")) == 1
        assert (await desk.offer(printer)).run_id != offer.run_id


class TestWhoMayAsk:
    async def test_unknown_and_disabled_printers_are_refused(self, desk: Desk) -> None:
        assert code_of(await desk.claim(uuid4())) is RefusalCode.UNKNOWN_PRINTER
        disabled = await desk.shop.printer(is_enabled=False)
        assert code_of(await desk.claim(disabled)) is RefusalCode.UNKNOWN_PRINTER

    async def test_printer_of_another_node_is_refused(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        answer = await desk.claim(printer, node="other")
        assert code_of(answer) is RefusalCode.NOT_YOUR_PRINTER

    @pytest.mark.asvs("V8.3.2")
    async def test_revoked_node_gets_nothing(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job()
        await desk.connection.execute("UPDATE node SET revoked_at = now() WHERE name = 'bench'")
        assert code_of(await desk.claim(printer)) is RefusalCode.NOT_YOUR_PRINTER

    @pytest.mark.parametrize("epoch", [1, 3])
    async def test_other_epoch_is_refused_with_the_current_one(
        self, desk: Desk, epoch: int
    ) -> None:
        printer = await desk.shop.printer(epoch=2)
        answer = await desk.claim(printer, printer_epoch=epoch)
        assert isinstance(answer, Refused)
        assert (answer.code, answer.printer_epoch) == (RefusalCode.STALE_EPOCH, 2)

    async def test_journal_that_was_not_told_gets_the_epoch_with_the_answer(
        self, desk: Desk
    ) -> None:
        printer = await desk.shop.printer(epoch=2)
        await desk.shop.job()
        assert (await desk.offer(printer, printer_epoch=0)).printer_epoch == 2


class TestWatermark:
    async def test_I4_claim_that_overtakes_its_facts_is_put_off(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.dispatch.answers.WATERMARK_WAIT_S", 0.2)
        printer = await desk.shop.printer()
        await desk.shop.job()
        answer = await desk.claim(printer, node_seq=3)
        assert isinstance(answer, Behind)
        assert answer.watermark == 0
        await desk.connection.execute(
            "INSERT INTO edge_watermark VALUES ($1, 'bench', 3, now())", desk.journal_id
        )
        await desk.offer(printer, node_seq=3)


class TestOpenRuns:
    async def test_run_whose_answer_was_lost_is_released_and_given_again(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        job = await desk.shop.job()
        lost = await desk.offer(printer)
        again = await desk.offer(printer)
        assert again.spec.job_id == job
        assert again.run_no == 2
        assert (await desk.row("run", lost.run_id))["state"] == "released"
        assert (await desk.row("run", again.run_id))["releases_before"] == 1
        (word,) = await desk.told("run.resolved")
        assert (word.run_id, word.outcome, word.by) == (lost.run_id, "released", None)
        assert len(await desk.told("job.requeued")) == 1

    async def test_run_that_the_node_has_is_not_released(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job()
        offer = await desk.offer(printer)
        answer = await desk.claim(printer, open_runs=(offer.run_id,))
        assert code_of(answer) is RefusalCode.PRINTER_HAS_RUN

    async def test_run_with_facts_is_not_released(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job()
        offer = await desk.offer(printer)
        await desk.set_run(offer.run_id, "transferring")
        assert code_of(await desk.claim(printer)) is RefusalCode.PRINTER_HAS_RUN
        assert (await desk.row("run", offer.run_id))["state"] == "transferring"

    async def test_I22_run_of_a_lost_journal_needs_a_person(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        await desk.shop.job()
        offer = await desk.offer(printer)
        answer = await desk.claim(printer, journal_id=uuid4())
        assert code_of(answer) is RefusalCode.PRINTER_HAS_RUN
        (doubt,) = await desk.told("run.overdue")
        assert (doubt.run_id, doubt.cause) == (offer.run_id, "run_unknown_to_node")

    async def test_run_that_left_the_printer_free_does_not_hold_it(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        held, free = await desk.shop.job(), await desk.shop.job()
        offer = await desk.offer(printer)
        assert offer.spec.job_id == held
        await desk.connection.execute(
            "UPDATE run SET state = 'attention', fact_state = 'released', run_seq = 2, "
            "printer_is_free = true WHERE id = $1",
            offer.run_id,
        )
        assert (await desk.offer(printer)).spec.job_id == free

    async def test_run_that_a_person_has_ended_is_not_released(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        job = await desk.shop.job()
        offer = await desk.offer(printer)
        await desk.set_run(offer.run_id, "attention", run_seq=0)
        await say(desk, offer.run_id, Resolution.FAILED)
        assert code_of(await desk.claim(printer)) is RefusalCode.PRINTER_HAS_RUN
        assert (await desk.row("job", job))["run_id"] == offer.run_id
        (word,) = await desk.told("run.resolved")
        assert (word.run_id, word.outcome) == (offer.run_id, "failed")


class TestRinging:
    async def test_released_job_is_claimable_again_at_its_old_rank(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        first, _ = await desk.shop.job(), await desk.shop.job()
        offer = await desk.offer(printer)
        await desk.set_run(offer.run_id, "released")
        async with desk.sessions() as session, session.begin():
            assert await ringing.ring_released(session, now()) == 1
            assert await ringing.ring_released(session, now()) == 0
        (bell,) = await desk.told("job.requeued")
        assert (bell.job_id, bell.reason, bell.queue) == (first, "released", "main")
        assert (await desk.offer(printer)).spec.job_id == first

    async def test_released_job_that_was_to_be_cancelled_is_cancelled(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        job = await desk.shop.job()
        offer = await desk.offer(printer)
        await desk.connection.execute(
            "UPDATE job SET cancel_requested_at = now(), cancel_requested_by = owner_id"
        )
        await desk.set_run(offer.run_id, "released")
        async with desk.sessions() as session, session.begin():
            await ringing.ring_released(session, now())
        assert (await desk.row("job", job))["state"] == "cancelled"
        (told,) = await desk.told("job.cancelled")
        assert (told.job_id, told.by) == (job, desk.shop.owner_id)
        assert isinstance(await desk.claim(printer), NoJob)

    async def test_job_that_a_person_has_ended_is_not_tried_again(self, desk: Desk) -> None:
        printer = await desk.shop.printer()
        job = await desk.shop.job()
        offer = await desk.offer(printer)
        await desk.set_run(offer.run_id, "attention")
        await say(desk, offer.run_id, Resolution.FAILED)
        # The node's release is projected before the word is.
        await desk.set_run(offer.run_id, "released")
        async with desk.sessions() as session, session.begin():
            assert await ringing.ring_released(session, now()) == 0
        assert (await desk.row("job", job))["run_id"] == offer.run_id
        assert isinstance(await desk.claim(printer), NoJob)

    async def test_bell_rings_once_when_the_time_has_come(self, desk: Desk) -> None:
        begun = now()
        await desk.shop.job(not_before=begun + timedelta(seconds=8), rung_at=begun)
        async with desk.sessions() as session, session.begin():
            assert await ringing.ring_due(session, begun) == 0
            assert await ringing.next_due(session, begun) == begun + timedelta(seconds=8)
            later = begun + timedelta(seconds=9)
            assert await ringing.ring_due(session, later) == 1
            assert await ringing.ring_due(session, later) == 0
            assert await ringing.next_due(session, later) is None

    async def test_I18_everything_is_rung_anew_when_the_stream_was_lost(self, desk: Desk) -> None:
        await desk.shop.job()
        await desk.shop.job()
        await desk.shop.job(not_before=now() + timedelta(hours=1))
        async with desk.sessions() as session, session.begin():
            rung = await ringing.ring_all(session, RequeueReason.STREAM_LOST, now())
        assert rung == 2


def test_builders_printer_has_what_the_plate_needs() -> None:
    assert LOADED["nozzle_mm"] == plate()["nozzle_mm"]
