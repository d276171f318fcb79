"""What leaves: signed, retried, never twice to people, never into private networks."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from standardwebhooks.webhooks import Webhook

from contracts.events import JobDone
from deploy.local.process import Command, free_port, http_answers, start
from services.db.tables.notices import NoticeDelivery, NoticeTarget
from services.notices.addresses import AddressRefused, must_be_webhook
from services.notices.kinds import DeliveryState, Form
from services.notify.delivering import LEASE, WAITS_S
from tests.eventually import eventually
from tests.integration.notify.bench import KEY, Bench, Receiver
from tests.integration.notify.test_notices import fact

DAY = timedelta(days=1)
_RUN = "from services.cli.main import main; main(['notify'])"


async def under_way(bench: Bench, target: NoticeTarget) -> NoticeDelivery:
    """Return a delivery that waits, of a print that is done."""
    mia = await bench.person(f"Mia-{uuid4().hex[:6]}")
    (job,) = await bench.jobs(mia)
    await bench.happen(fact(JobDone, job, 1, duration_s=60))
    (row,) = [row for row in await bench.deliveries() if row.target_id == target.id]
    return row


async def state_of(bench: Bench) -> tuple[str, int, str | None]:
    (row,) = await bench.deliveries()
    return row.state, row.attempts, row.answer


class TestWebhooks:
    """By the Standard Webhooks scheme."""

    @pytest.fixture
    async def hook(self, bench: Bench, receiver: Receiver) -> NoticeTarget:
        ada = await bench.person("Ada", is_admin=True)
        return await bench.target(Form.WEBHOOK, receiver.hook, ada)

    async def test_message_is_signed(
        self, bench: Bench, receiver: Receiver, hook: NoticeTarget
    ) -> None:
        row = await under_way(bench, hook)
        assert await bench.courier.deliver_due() == 1
        assert await state_of(bench) == (DeliveryState.SENT, 1, "HTTP 200")
        ((path, headers, body),) = receiver.requests
        assert path == "/hook"
        assert headers["webhook-id"] == str(row.id)
        told = Webhook(KEY).verify(body, headers)
        assert told["type"] == "notice.done"
        assert told["data"]["name"] == "bracket"
        with pytest.raises(Exception, match="signature"):
            Webhook(KEY).verify(body.replace("done", "lost"), headers)

    async def test_failure_is_tried_again_with_the_same_id(
        self, bench: Bench, receiver: Receiver, hook: NoticeTarget
    ) -> None:
        receiver.statuses = [500, 503]
        await under_way(bench, hook)
        await bench.courier.deliver_due()
        assert (await state_of(bench))[:2] == (DeliveryState.WAITING, 1)
        assert await bench.courier.deliver_due() == 0
        for wait_s in WAITS_S[:2]:
            bench.clock.ahead += timedelta(seconds=wait_s)
            await bench.courier.deliver_due()
        assert await state_of(bench) == (DeliveryState.SENT, 3, "HTTP 200")
        assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1
        assert len(receiver.requests) == 3

    async def test_given_up_after_the_last_try(
        self, bench: Bench, receiver: Receiver, hook: NoticeTarget
    ) -> None:
        tries = len(WAITS_S) + 1
        receiver.statuses = [500] * (tries + 5)
        await under_way(bench, hook)
        for _ in range(tries + 2):
            await bench.courier.deliver_due()
            bench.clock.ahead += DAY
        assert (await state_of(bench))[:2] == (DeliveryState.FAILED, tries)
        assert len(receiver.requests) == tries

    @pytest.mark.parametrize(
        ("status", "state"), [(410, DeliveryState.FAILED), (302, DeliveryState.WAITING)]
    )
    async def test_gone_is_gone_and_a_redirect_is_not_followed(
        self, bench: Bench, receiver: Receiver, hook: NoticeTarget, status: int, state: str
    ) -> None:
        receiver.statuses = [status]
        await under_way(bench, hook)
        await bench.courier.deliver_due()
        assert (await state_of(bench))[0] == state
        assert [path for path, _, _ in receiver.requests] == ["/hook"]

    async def test_interrupted_send_is_repeated(
        self, bench: Bench, receiver: Receiver, hook: NoticeTarget
    ) -> None:
        await interrupted(bench, await under_way(bench, hook))
        assert await bench.courier.deliver_due() == 1
        assert (await state_of(bench))[0] == DeliveryState.SENT

    async def test_removed_target_is_told_nothing(
        self, bench: Bench, receiver: Receiver, hook: NoticeTarget
    ) -> None:
        await under_way(bench, hook)
        hook.is_enabled = False
        await bench.add(hook)
        await bench.courier.deliver_due()
        assert (await state_of(bench))[0] == DeliveryState.EXPIRED
        assert not receiver.requests

    @pytest.mark.asvs("V1.3.6")
    async def test_private_network_is_out_of_reach(
        self, bench: Bench, receiver: Receiver, hook: NoticeTarget
    ) -> None:
        await under_way(bench, hook)
        await bench.shy.deliver_due()
        assert (await state_of(bench))[0] == DeliveryState.WAITING
        assert not receiver.requests


async def interrupted(bench: Bench, row: NoticeDelivery) -> None:
    """Leave a delivery as a process that died in mid-send leaves it."""
    row.state, row.attempts = DeliveryState.SENDING, 1
    row.next_at = bench.clock.now() + LEASE
    await bench.add(row)
    await bench.courier.settle_left_over()
    assert (await state_of(bench))[0] == DeliveryState.SENDING
    bench.clock.ahead += LEASE
    await bench.courier.settle_left_over()


@pytest.mark.timeout(240)
class TestPeople:
    """Through Apprise."""

    async def test_message_arrives_at_the_person_s_own_address(
        self, bench: Bench, receiver: Receiver
    ) -> None:
        ada = await bench.person("Ada", is_admin=True)
        target = await bench.target(Form.PERSONAL, receiver.apprise("to/{email}"), ada)
        row = await under_way(bench, target)
        assert await bench.courier.deliver_due() == 1
        assert await state_of(bench) == (DeliveryState.SENT, 1, "JSON: sent")
        ((path, _, body),) = receiver.requests
        assert path.startswith("/to/mia-")
        assert path.endswith("@example.org")
        assert json.loads(body)["title"] == "bracket is done"
        assert row.content["text"] in json.loads(body)["message"]

    async def test_failure_is_tried_again(self, bench: Bench, receiver: Receiver) -> None:
        receiver.statuses = [500]
        ada = await bench.person("Ada", is_admin=True)
        await under_way(bench, await bench.target(Form.CHANNEL, receiver.apprise("c"), ada))
        await bench.courier.deliver_due()
        assert (await state_of(bench))[0] == DeliveryState.WAITING
        bench.clock.ahead += DAY
        await bench.courier.deliver_due()
        assert (await state_of(bench))[:2] == (DeliveryState.SENT, 2)

    async def test_interrupted_send_is_not_repeated(self, bench: Bench, receiver: Receiver) -> None:
        ada = await bench.person("Ada", is_admin=True)
        target = await bench.target(Form.CHANNEL, receiver.apprise("c"), ada)
        await interrupted(bench, await under_way(bench, target))
        assert await bench.courier.deliver_due() == 0
        assert (await state_of(bench))[0] == DeliveryState.UNKNOWN
        assert not receiver.requests

    @pytest.mark.asvs("V1.3.6")
    async def test_no_plugin_reaches_a_private_network_or_this_machine(
        self, bench: Bench, receiver: Receiver
    ) -> None:
        ada = await bench.person("Ada", is_admin=True)
        port = receiver.port
        for address in (
            receiver.apprise("c"),
            f"json://localhost:{port}/c",
            f"xml://[::1]:{port}",
            f"form://127.1:{port}",
            f"ntfy://127.0.0.1:{port}/topic",
            f"mailto://u:p@localhost:{port}?to=a@example.org&from=b@example.org",
            "syslog://",
            "rsyslog://127.0.0.1",
            "no-such-service://x",
        ):
            await bench.target(Form.CHANNEL, address, ada)
        mia = await bench.person("Mia")
        (job,) = await bench.jobs(mia)
        await bench.happen(fact(JobDone, job, 1, duration_s=60))
        assert await bench.shy.deliver_due() == 9
        rows = await bench.deliveries()
        assert {row.state for row in rows} == {DeliveryState.WAITING}, [r.answer for r in rows]
        assert not receiver.requests


@pytest.mark.asvs("V1.3.6")
@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://10.1.2.3/",
        "https://192.168.0.10:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fd00::1]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "https://user:secret@1.1.1.1/",
        "https://1.1.1.1:99999/",
        "ftp://1.1.1.1/",
        "https:///path",
    ],
)
async def test_address_that_leads_inside_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        await must_be_webhook(url, allow_private=False)


async def test_public_address_is_taken() -> None:
    await must_be_webhook("https://1.1.1.1/hook", allow_private=False)
    await must_be_webhook("http://127.0.0.1:1/hook", allow_private=True)


@pytest.mark.timeout(240)
async def test_process_tells_what_happens(
    bench: Bench, receiver: Receiver, database_url: str, tmp_path: Path
) -> None:
    ada = await bench.person("Ada", is_admin=True)
    await bench.target(Form.WEBHOOK, receiver.hook, ada)
    port = free_port()
    command = Command(
        name="notify",
        argv=[sys.executable, "-c", _RUN],
        env={
            "LAYERLINE_DATABASE_URL": database_url,
            "LAYERLINE_SECRETS_KEY": "k" * 32,
            "LAYERLINE_NOTIFY_PRIVATE": "true",
            "LAYERLINE_HEALTH_PORT": str(port),
        },
    )
    process = await start(command, tmp_path / "log")
    try:
        ready = f"http://127.0.0.1:{port}/readyz"
        await process.wait_healthy(lambda: http_answers(ready), within_s=120)
        mia = await bench.person("Mia")
        (job,) = await bench.jobs(mia)
        await bench.happen(fact(JobDone, job, 1, duration_s=60))

        async def is_told() -> bool:
            return bool(receiver.requests)

        await eventually(is_told, within_s=60)
    finally:
        await process.stop()
    assert len(receiver.requests) == 1
