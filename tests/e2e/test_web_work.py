"""Talk, order, many at once, again: what people do with jobs beside submitting and approving."""

import json
import re
from typing import Literal
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Route, ViewportSize, expect

from deploy.local.demo.client import Json
from tests.e2e.conftest import People, Stack, enter, submitted_cube
from tests.eventually import eventually

PHONE: ViewportSize = {"width": 360, "height": 720}
WITHIN_MS = 20_000

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def waiting(people: People, copies: int) -> tuple[str, list[Json]]:
    """Return a queue that no printer serves, and approved jobs of Mia's in it, in order."""
    name = f"q{uuid4().hex[:6]}"
    await people.ada.put(f"/api/queues/{name}", {"title": f"Test {name}"})
    async with submitted_cube(people) as job:
        body = {
            "artifact_id": job["artifact_id"],
            "plates": [{"plate": 1, "copies": copies}],
            "queue": name,
        }
        jobs = (await people.mia.post("/api/submissions", body))["jobs"]
    return name, jobs


async def approve(people: People, jobs: list[Json]) -> None:
    for job in jobs:
        await people.ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})


async def withdraw(people: People, jobs: list[Json]) -> None:
    for job in jobs:
        now = await people.mia.get(f"/api/jobs/{job['id']}")
        if "withdraw" in now["allowed_actions"]:
            await people.mia.post(f"/api/jobs/{job['id']}/withdraw", {"version": now["version"]})


async def order(people: People, queue: str) -> list[str]:
    return [job["id"] for job in (await people.ada.get(f"/api/queues/{queue}"))["jobs"]]


async def stands(people: People, queue: str, wanted: list[str]) -> None:
    """Wait until the server has the order: the page shows it before."""

    async def is_so() -> bool:
        return await order(people, queue) == wanted

    await eventually(is_so, within_s=15)


async def test_both_talk_and_see_it_at_once(
    stack: Stack, chromium: Browser, people: People
) -> None:
    member, admin = [await enter(chromium, stack.url, who) for who in ("mia", "ada")]
    async with submitted_cube(people) as job:
        await member.goto(f"{stack.url}/jobs/{job['id']}")
        await admin.goto(f"{stack.url}/approve/{job['id']}")
        await expect(admin.get_by_label("Comment")).to_be_visible()
        await admin.keyboard.press("c")
        await expect(admin.get_by_label("Comment")).to_be_focused()
        await admin.keyboard.type("how thick are the walls?")
        await admin.get_by_role("button", name="Send", exact=True).click()
        await expect(member.get_by_text("how thick are the walls?")).to_be_visible()
        await member.get_by_label("Comment").fill("three lines")
        await member.get_by_role("button", name="Send", exact=True).click()
        await expect(admin.get_by_text("three lines")).to_be_visible()


async def test_sent_back_is_changed_in_its_place(
    stack: Stack, chromium: Browser, people: People
) -> None:
    member = await enter(chromium, stack.url, "mia")
    async with submitted_cube(people) as job:
        await people.ada.post(
            f"/api/jobs/{job['id']}/return", {"version": job["version"], "comment": "thicker walls"}
        )
        row = member.get_by_role("listitem").filter(has_text="thicker walls")
        await row.get_by_role("button", name=re.compile("^Change")).click()
        await member.get_by_label("What you changed").fill("sliced with three")
        await member.get_by_role("button", name="Submit 1 job").click()
        await expect(member.get_by_text("Waiting for approval").first).to_be_visible()
        after = await people.ada.get(f"/api/jobs/{job['id']}")
        assert (after["status"], after["created_at"]) == ("submitted", job["created_at"])
        said = await people.ada.get(f"/api/jobs/{job['id']}/comments")
        assert [each["text"] for each in said] == ["sliced with three"]


async def test_queue_is_ordered_by_button_key_and_hand(
    stack: Stack, chromium: Browser, people: People
) -> None:
    queue, jobs = await waiting(people, 3)
    await approve(people, jobs)
    a, b, c = (job["id"] for job in jobs)
    try:
        admin = await enter(chromium, stack.url, "ada")
        await admin.goto(f"{stack.url}/printers")
        rows = admin.get_by_role("list", name=re.compile(queue)).get_by_role("listitem")
        await expect(rows).to_have_count(3)
        up = rows.nth(1).get_by_role("button", name=re.compile("up$"))

        await rows.nth(2).get_by_role("button", name=re.compile("to the top")).click()
        await expect(rows.nth(0).get_by_role("link")).to_have_attribute("href", f"/jobs/{c}")
        await stands(people, queue, [c, a, b])
        await expect(up).to_be_enabled()

        await rows.nth(0).get_by_role("link").focus()
        await admin.keyboard.press("Alt+ArrowDown")
        await expect(rows.nth(0).get_by_role("link")).to_have_attribute("href", f"/jobs/{a}")
        await stands(people, queue, [a, c, b])
        await expect(up).to_be_enabled()

        await rows.nth(2).locator("[draggable=true]").drag_to(rows.nth(0))
        await expect(rows.nth(0).get_by_role("link")).to_have_attribute("href", f"/jobs/{b}")
        await stands(people, queue, [b, a, c])
        await expect(up).to_be_enabled()
    finally:
        await withdraw(people, jobs)


async def test_two_order_at_once_and_one_is_told(
    stack: Stack, chromium: Browser, people: People
) -> None:
    queue, jobs = await waiting(people, 3)
    await approve(people, jobs)
    try:
        admin = await enter(chromium, stack.url, "ada")
        await admin.goto(f"{stack.url}/printers")
        rows = admin.get_by_role("list", name=re.compile(queue)).get_by_role("listitem")
        await expect(rows).to_have_count(3)
        # The news of the other's move does not reach this page before it moves too.
        version = (await people.ada.get(f"/api/queues/{queue}"))["queue"]["version"]
        await admin.route("**/api/jobs/*/move", lambda route: stale(route, version - 1))
        await rows.nth(1).get_by_role("button", name=re.compile("to the top")).click()
        await expect(admin.get_by_text("Your move was not made")).to_be_visible()
        assert await order(people, queue) == [job["id"] for job in jobs]
    finally:
        await withdraw(people, jobs)


async def stale(route: Route, version: int) -> None:
    """Send the move as somebody would who saw an older queue."""
    seen = json.loads(route.request.post_data or "{}")
    await route.continue_(post_data=json.dumps({**seen, "queue_version": version}))


async def test_held_queue_says_who_holds_it(
    stack: Stack, chromium: Browser, people: People
) -> None:
    queue, jobs = await waiting(people, 1)
    await approve(people, jobs)
    try:
        member, admin = [await enter(chromium, stack.url, who) for who in ("mia", "ada")]
        await admin.goto(f"{stack.url}/printers")
        card = admin.get_by_role("region", name=re.compile(queue))
        await card.get_by_role("button", name="Hold the queue").click()
        await expect(member.get_by_text(re.compile("holds the queue back"))).to_be_visible()
        await card.get_by_role("button", name="Let it go on").click()
        await expect(member.get_by_text("No printer serves this queue")).to_be_visible()
    finally:
        await withdraw(people, jobs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
async def test_several_are_approved_at_once(
    stack: Stack, chromium: Browser, people: People, size: str, scheme: Literal["light", "dark"]
) -> None:
    _, jobs = await waiting(people, 2)
    try:
        admin = await enter(chromium, stack.url, "ada", scheme)
        await expect(admin.locator(f"html[data-mantine-color-scheme={scheme}]")).to_have_count(1)
        if size == "phone":
            await admin.set_viewport_size(PHONE)
        await admin.goto(f"{stack.url}/approve")
        boxes = admin.get_by_role("checkbox", name="Select cube-small")
        for box in (boxes.first, boxes.last):
            await box.check()
        await admin.get_by_role("button", name="Approve 2").click()
        await expect(admin.locator("#content").get_by_text("2 jobs approved.")).to_be_visible()
        states = {(await people.mia.get(f"/api/jobs/{job['id']}"))["status"] for job in jobs}
        assert states == {"queued"}
    finally:
        await withdraw(people, jobs)


async def test_again_is_one_press_that_can_be_taken_back(
    stack: Stack, chromium: Browser, people: People
) -> None:
    async with submitted_cube(people) as job:
        pass
    member = await enter(chromium, stack.url, "mia")
    row = member.get_by_role("listitem").filter(has=member.locator(f'a[href="/jobs/{job["id"]}"]'))
    await row.get_by_role("button", name="Submit cube-small again", exact=True).click()
    made = row.get_by_role("link", name="Submitted again.")
    await expect(made).to_be_visible(timeout=WITHIN_MS)
    new = ((await made.get_attribute("href")) or "").removeprefix("/jobs/")
    again = await people.mia.get(f"/api/jobs/{new}")
    assert (again["status"], again["artifact_id"]) == ("submitted", job["artifact_id"])
    # The list is read again, more than once: the answer stays in its row.
    await people.mia.post(f"/api/jobs/{new}/comments", {"text": "the same once more"})
    await expect(member.get_by_text("Waiting for approval").first).to_be_visible(timeout=WITHIN_MS)
    await row.get_by_role("button", name="Undo").click()
    await expect(row.get_by_text("Withdrawn.")).to_be_visible(timeout=WITHIN_MS)
    assert (await people.mia.get(f"/api/jobs/{new}"))["status"] == "withdrawn"


async def test_row_decided_elsewhere_folds_in_its_place(
    stack: Stack, chromium: Browser, people: People
) -> None:
    _, jobs = await waiting(people, 2)
    first, second = jobs
    try:
        admin = await enter(chromium, stack.url, "ada")
        await admin.goto(f"{stack.url}/approve/{first['id']}")
        rows = admin.get_by_role("list", name="Jobs to decide").get_by_role("listitem")
        decided = rows.filter(has=admin.locator(f'a[href="/approve/{first["id"]}"]'))
        other = rows.filter(has=admin.locator(f'a[href="/approve/{second["id"]}"]'))
        await expect(decided.get_by_role("checkbox")).to_be_visible(timeout=WITHIN_MS)
        await expect(admin.get_by_role("button", name=re.compile("^Reject"))).to_be_visible()
        reject = admin.get_by_role("button", name=re.compile("^Reject"))
        await admin.keyboard.press("r")
        await admin.keyboard.press("Escape")
        await expect(reject).to_be_focused()
        await admin.keyboard.press("Shift+?")
        await expect(admin.get_by_text("these keys").locator("xpath=ancestor::p")).to_be_focused()
        await admin.keyboard.press("r")
        await admin.get_by_role("textbox").last.fill("no cubes")
        await people.mia.post(f"/api/jobs/{first['id']}/withdraw", {"version": first["version"]})
        # It stays where it was and says what became of it; nothing else opens under the hand.
        await expect(decided.get_by_text("Withdrawn")).to_be_visible(timeout=WITHIN_MS)
        await expect(decided.get_by_text(re.compile("by mia", re.IGNORECASE))).to_be_visible()
        await expect(decided.get_by_role("checkbox")).to_have_count(0)
        await expect(admin).to_have_url(re.compile(first["id"]))
        await other.get_by_role("link").click()
        await expect(decided).to_have_count(0)
    finally:
        await withdraw(people, jobs)
