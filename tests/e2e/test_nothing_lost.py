"""Bad files are told in place; a session, page or update that ends takes nothing with it."""

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, Route, expect

from tests.builders.threemf import of_size, wrong_model
from tests.e2e.conftest import CUBE, ROOT, Stack, enter

VASE = ROOT / "samples" / "vase.gcode.3mf"
MODEL = b"solid cube\nendsolid cube\n"
TOO_LARGE_BYTES = 100 * 1024 * 1024 + 1
WITHIN_MS = 30_000
KEPT = """() => new Promise((resolve) => {
  const open = indexedDB.open("layerline.files", 1);
  open.onsuccess = () => {
    const keys = open.result.transaction("bytes").objectStore("bytes").getAllKeys();
    keys.onsuccess = () => resolve(keys.result.length === 1);
  };
})"""
"""Whether the browser keeps one file."""
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 60_000}
"""The vase takes a minute."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def drop(page: Page, *files: Path) -> None:
    await page.set_input_files("input[type=file]", list(files))


def the_note(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Note", exact=True)


async def note(page: Page, text: str) -> None:
    """Drop a cube and write a note to it, as soon as its form is there."""
    await drop(page, CUBE)
    await the_note(page).fill(text, timeout=WITHIN_MS)


async def sign_in_again(page: Page, who: str) -> None:
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_text("Continue with").first.click()
    await page.get_by_role("button", name=who).click()
    await page.wait_for_url("**/jobs*")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name="Submit").get_by_role("listitem").filter(has_text=name)


async def test_wrong_files_are_told_in_place(
    stack: Stack, chromium: Browser, tmp_path: Path
) -> None:
    files = {"part.stl": MODEL, "bare.gcode": b"G28\n", "notes.pdf": b"%PDF", "empty.3mf": b""}
    files["other.gcode.3mf"] = wrong_model()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with (tmp_path / "lamp.gcode.3mf").open("wb") as large:
        large.truncate(TOO_LARGE_BYTES)
    member = await enter(chromium, stack.url, "kim")
    sent: list[str] = []
    member.on("request", lambda request: sent.append(f"{request.method} {request.url}"))
    await drop(member, *(tmp_path / name for name in [*files, "lamp.gcode.3mf"]))
    for words in ("is a model", "is bare G-code", "can't be printed", "is empty", "is the limit"):
        await expect(member.get_by_text(re.compile(words)).first).to_be_visible()
    # Which printer it was sliced for is in the file: told by the check, with the way on.
    other = row(member, "other.gcode.3mf")
    await expect(other.get_by_text(re.compile("sliced for the A1"))).to_be_visible(
        timeout=WITHIN_MS
    )
    await expect(other.get_by_text(re.compile("slice again"))).to_be_visible()
    assert len([line for line in sent if line.startswith("PUT ")]) == 1

    # The same in German, with both models: by the code and the values that the API tells.
    await member.evaluate("() => localStorage.setItem('layerline.lang', 'de')")
    await member.reload()
    await drop(member, tmp_path / "other.gcode.3mf")
    german = re.compile("für den A1 geslict; hier wird auf P1S gedruckt")
    await expect(member.get_by_text(german).first).to_be_visible(timeout=WITHIN_MS)


async def test_session_that_ends_in_mid_upload_goes_on_after_signing_in(
    stack: Stack, chromium: Browser
) -> None:
    member = await enter(chromium, stack.url, "mia")
    await note(member, "for the door")
    forgetting = await forget_session_before_complete(member)
    await drop(member, VASE)
    await expect(member.get_by_text("Your session has ended.")).to_be_visible(timeout=WITHIN_MS)
    await expect(member.get_by_text(re.compile("Sign in, and it goes on"))).to_be_visible()
    await member.unroute("**/api/uploads/*/complete", forgetting)

    sent: list[str] = []
    member.on("request", lambda request: sent.append(request.method))
    await sign_in_again(member, "mia")
    await expect(the_note(member)).to_have_value("for the door")
    await expect(row(member, VASE.name).get_by_text("Checked")).to_be_visible(timeout=WITHIN_MS)
    # The bytes had arrived: they are not sent again.
    assert "PUT" not in sent
    await expect(member.get_by_role("button", name="Submit 2 jobs")).to_be_enabled()


async def test_reload_in_mid_upload_goes_on_by_itself(stack: Stack, chromium: Browser) -> None:
    member = await enter(chromium, stack.url, "kim")
    line = await member.context.new_cdp_session(member)
    await line.send("Network.emulateNetworkConditions", SLOW)
    await drop(member, VASE)
    await expect(row(member, VASE.name).get_by_text(re.compile("^Sending"))).to_be_visible(
        timeout=WITHIN_MS
    )
    await member.wait_for_function(KEPT, timeout=WITHIN_MS)
    await line.send("Network.emulateNetworkConditions", {**SLOW, "uploadThroughput": -1})
    await member.reload()
    await expect(row(member, VASE.name).get_by_text("Checked")).to_be_visible(timeout=WITHIN_MS)


async def test_bytes_that_arrived_count_though_the_answer_was_lost(
    stack: Stack, chromium: Browser, tmp_path: Path
) -> None:
    content = of_size(5_000)
    statuses: list[int] = []

    async def lose_the_first_answer(route: Route) -> None:
        put = route.request
        if put.method != "PUT" or statuses:
            await route.continue_()
            return
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.put(put.url, headers=await put.all_headers(), content=content)
        statuses.append(answer.status_code)
        await route.abort("connectionreset")

    (tmp_path / "late.gcode.3mf").write_bytes(content)
    member = await enter(chromium, stack.url, "kim")
    member.on(
        "response",
        lambda answer: statuses.append(answer.status) if answer.request.method == "PUT" else None,
    )
    await member.route(lambda url: not url.startswith(stack.url), lose_the_first_answer)
    await drop(member, tmp_path / "late.gcode.3mf")
    checked = row(member, "late.gcode.3mf").get_by_text("Checked")
    await expect(checked).to_be_visible(timeout=WITHIN_MS)
    assert statuses == [200, 412]


async def test_another_person_finds_nothing_of_it(stack: Stack, chromium: Browser) -> None:
    page = await enter(chromium, stack.url, "mia")
    await note(page, "nobody's business")
    await page.context.clear_cookies()
    await page.goto(f"{stack.url}/signin?next=/jobs")
    await page.get_by_text("Continue with").first.click()
    await page.get_by_role("button", name="kim").click()
    await page.wait_for_url("**/jobs*")
    await expect(page.get_by_role("heading", name="My jobs")).to_be_visible()
    await expect(page.get_by_role("region", name="Submit")).to_have_count(0)


async def test_update_is_told_and_takes_nothing(stack: Stack, chromium: Browser) -> None:
    page = await enter(chromium, stack.url, "mia")
    # The greeting is for the page that opens next, not for one that connects again meanwhile.
    await page.goto("about:blank")
    await page.route("**/api/feed*", greet_as_an_older_build, times=1)
    await page.goto(f"{stack.url}/jobs")
    await note(page, "keep me")
    await expect(page.get_by_text("A new version is ready.")).to_be_visible(timeout=WITHIN_MS)
    await expect(the_note(page)).to_have_value("keep me")
    await page.get_by_role("button", name="Reload").click()
    await expect(page.get_by_text("Live", exact=True)).to_be_visible(timeout=WITHIN_MS)
    await expect(page.get_by_text("A new version is ready.")).to_have_count(0)
    await expect(the_note(page)).to_have_value("keep me")


async def test_part_that_an_update_took_away_asks_for_a_reload(
    stack: Stack, chromium: Browser
) -> None:
    page = await enter(chromium, stack.url, "mia")
    await page.route("**/assets/printers-page*.js", lambda route: route.abort())
    await page.get_by_role("link", name="Printers").click()
    await expect(page.get_by_text("A new version is ready.")).to_be_visible(timeout=WITHIN_MS)
    await page.unroute("**/assets/printers-page*.js")
    await page.get_by_role("button", name="Reload").click()
    await expect(page.get_by_role("heading", name="Printers")).to_be_visible(timeout=WITHIN_MS)


async def greet_as_an_older_build(route: Route) -> None:
    """Answer as the API did before the update; the browser connects again by itself."""
    hello = {"gseq": 0, "server_time": "2026-01-05T10:00:00Z", "build_id": "older"}
    await route.fulfill(
        content_type="text/event-stream",
        body=f"retry: 500\nevent: hello\ndata: {json.dumps(hello)}\n\n",
    )


async def forget_session_before_complete(page: Page) -> Callable[[Route], Awaitable[None]]:
    """Drop the cookies when the bytes have been sent; return what does it."""

    async def forget(route: Route) -> None:
        await page.context.clear_cookies()
        await route.continue_()

    await page.route("**/api/uploads/*/complete", forget)
    return forget
