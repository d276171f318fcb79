"""What people do in the browser, from sign-in to done, without reloading."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from deploy.local.leftovers import read_record
from deploy.local.state import RECORD_FILE
from tests.e2e.conftest import People, Stack, clear_all_plates, enter, submitted_cube

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
PRINT_WITHIN_MS = 90_000
BACK_WITHIN_MS = 60_000

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_member_submits_admin_approves_both_watch_it_to_done(
    stack: Stack, chromium: Browser, people: People
) -> None:
    member = await enter(chromium, stack.url, "mia")
    admin = await enter(chromium, stack.url, "ada")

    await member.set_input_files("input[type=file]", SAMPLES / "cube-small.gcode.3mf")
    await member.get_by_role("textbox", name="Note", exact=True).fill("for the door")
    await member.get_by_role("button", name=re.compile(r"^Submit \d")).click()
    await expect(member.get_by_text("Waiting for approval")).to_be_visible()

    # A fresh installation asks whether the bed is clear; the admin looks at one.
    await clear_all_plates(stack)
    await admin.get_by_role("link", name="Printers").click()
    await admin.get_by_role("link", name="Look and clear the bed").first.click()
    await admin.get_by_role("button", name="Yes, the bed is clear").click()
    await expect(admin.get_by_text("Ready").first).to_be_visible(timeout=15_000)

    await admin.get_by_role("link", name=re.compile("^Approve")).click()
    await expect(admin.get_by_text("for the door")).to_be_visible()
    await admin.keyboard.press("a")
    await expect(member.get_by_text("In the queue").first).to_be_visible()

    # The undo window passes, the printer starts: seen without a reload.
    progress = member.get_by_role("progressbar").first
    await expect(progress).to_be_visible(timeout=PRINT_WITHIN_MS)
    row = member.get_by_role("listitem").filter(has_text="cube-small")
    await expect(row.get_by_text("Done", exact=True)).to_be_visible(timeout=PRINT_WITHIN_MS)
    jobs = (await people.mia.get("/api/jobs"))["items"]
    assert [(job["status"], job["percent"]) for job in jobs][:1] == [("done", 100)]


async def test_admin_rejects_in_the_dark_with_a_reason_that_the_member_reads(
    stack: Stack, chromium: Browser
) -> None:
    member = await enter(chromium, stack.url, "kim", "dark")
    admin = await enter(chromium, stack.url, "ada", "dark")
    await member.set_input_files("input[type=file]", SAMPLES / "cube-small.gcode.3mf")
    await member.get_by_role("button", name=re.compile(r"^Submit \d")).click()
    await expect(member.get_by_text("Waiting for approval")).to_be_visible()

    await admin.get_by_role("link", name=re.compile("^Approve")).click()
    await admin.get_by_role("button", name=re.compile("^Reject")).first.click()
    await admin.get_by_role("textbox").last.fill("no cubes today")
    await admin.get_by_role("button", name=re.compile("^Reject")).last.click()

    await expect(member.get_by_text("Rejected").first).to_be_visible()
    await member.get_by_role("link", name="cube-small", exact=True).last.click()
    await expect(member.get_by_text("no cubes today").first).to_be_visible()


async def test_unsliced_file_is_refused_in_place(stack: Stack, chromium: Browser) -> None:
    member = await enter(chromium, stack.url, "kim")
    await member.set_input_files("input[type=file]", SAMPLES / "unsliced.3mf")
    await expect(member.get_by_text(re.compile("not sliced", re.IGNORECASE)).first).to_be_visible(
        timeout=15_000
    )
    await member.get_by_role("button", name="Remove unsliced.3mf").click()
    await expect(member.get_by_role("button", name="Choose files")).to_be_focused()


async def test_nobody_comes_in_without_signing_in(stack: Stack, chromium: Browser) -> None:
    page = await chromium.new_page()
    await page.goto(f"{stack.url}/approve")
    await expect(
        page.get_by_role("link", name="Continue with")
        .or_(page.get_by_role("button", name="Continue with"))
        .first
    ).to_be_visible()
    answer = await page.request.get(f"{stack.url}/api/jobs")
    assert answer.status == 401


async def test_two_tabs_share_a_connection_that_outlives_either(
    stack: Stack, chromium: Browser, people: People
) -> None:
    first = await enter(chromium, stack.url, "mia")
    await expect(first.get_by_text("Live", exact=True)).to_be_visible()
    opened: list[str] = []
    first.context.on(
        "request",
        lambda request: opened.append(request.url) if "/api/feed" in request.url else None,
    )
    second = await first.context.new_page()
    await second.goto(f"{stack.url}/jobs")
    await expect(second.get_by_text("Live", exact=True)).to_be_visible()
    assert opened == []

    await first.close()
    async with submitted_cube(people):
        await expect(second.get_by_text("Waiting for approval").first).to_be_visible()
    assert [bool(re.search(r"/api/feed\?after=\d+$", url)) for url in opened] == [True]


async def test_nothing_decided_offline_is_kept_for_later(
    stack: Stack, chromium: Browser, people: People
) -> None:
    member = await enter(chromium, stack.url, "mia")
    async with submitted_cube(people) as job:
        row = member.get_by_role("listitem").filter(has_text="Waiting for approval")
        withdraw = row.get_by_role("button", name="Withdraw")
        await expect(withdraw).to_be_enabled()

        await member.context.set_offline(offline=True)
        await expect(member.get_by_text("You are offline.")).to_be_visible()
        await expect(withdraw).to_be_disabled()
        await expect(withdraw).to_contain_text("needs a connection")

        await member.context.set_offline(offline=False)
        await expect(withdraw).to_be_enabled()
        assert (await people.mia.get(f"/api/jobs/{job['id']}"))["status"] == "submitted"


async def test_killed_api_comes_back_and_the_page_catches_up(
    stack: Stack, chromium: Browser, people: People
) -> None:
    page = await enter(chromium, stack.url, "mia")
    await expect(page.get_by_text("Live", exact=True)).to_be_visible()
    os.kill(read_record(stack.data_dir / RECORD_FILE)["api"].pid, signal.SIGKILL)
    await expect(page.get_by_text("No connection", exact=True)).to_be_visible(
        timeout=BACK_WITHIN_MS
    )
    await expect(page.get_by_text("Catching up", exact=True)).to_be_visible(timeout=BACK_WITHIN_MS)
    await expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=BACK_WITHIN_MS)
    async with submitted_cube(people):
        await expect(page.get_by_text("Waiting for approval").first).to_be_visible()
