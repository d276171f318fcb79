"""100 MB from a browser into the storage, against curl with the same kind of URL."""

import asyncio
import hashlib
import io
import re
import statistics
import time
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from playwright.async_api import Page, async_playwright, expect

from deploy.local.demo.client import Json, Person, open_browser, sign_in
from tests.bench.approvals import SAMPLE
from tests.bench.files import bulky_file
from tests.bench.floors import curl
from tests.bench.processes import database_url, peak_memory, process_of
from tests.bench.row import Bench, Row, Rows, at_most
from tests.e2e.conftest import CHROMIUM_FLAGS, enter

ROUNDS = 3
WANTED_RATIO, WANTED_SLACK_S, WANTED_GROWTH_MB = 0.9, 3.0, 5.0
WITHIN_MS = 120_000
_PUTS = """() => performance.getEntriesByType("resource")
  .filter((entry) => entry.name.includes("/incoming/")).map((entry) => entry.duration)"""
_CHECKED = """
SELECT sum(extract(epoch FROM checked_at - audit.at))::float8
FROM artifact JOIN audit ON thing_id = artifact.id::text AND action = 'artifact.hand_over'
WHERE artifact.filename = $1
"""


async def measure(bench: Bench) -> Rows:
    """Yield the rows of an upload: the bytes on their way, until it is submitted, the memory."""
    api, large = process_of(bench.state, "api"), await asyncio.to_thread(bulky_file)
    async with open_browser(bench.state.url) as http, _page(bench) as page:
        ada = await sign_in(http, "ada")
        await _submit(page, SAMPLE)
        puts, curls, slacks = [], [], []
        with peak_memory(api) as peak:
            for number in range(ROUNDS):
                sent = bench.data_dir / f"sent-{number}.gcode.3mf"
                curls.append(await _curl_put(bench, ada, _other(large, f"curl {number}")))
                await asyncio.to_thread(sent.write_bytes, _other(large, sent.name))
                took = await _submit(page, sent)
                puts.append(max(await page.evaluate(_PUTS)) / 1000)
                slacks.append(took - await _checking_s(bench, sent.name) - curls[-1])
    put, floor = statistics.median(puts), statistics.median(curls)
    ratio, name = floor / put, "upload of 100 MB, the bytes"
    target = f">= {WANTED_RATIO:g} x curl's rate"
    yield Row(name, "s", put, floor, ratio, target, ratio >= WANTED_RATIO)
    slack = statistics.median(slacks)
    yield at_most("chosen -> submitted, without curl and check", "s", slack, WANTED_SLACK_S)
    growth = (max(peak) - peak[0]) / 1e6
    yield at_most("upload of 100 MB, memory growth of the API", "MB", growth, WANTED_GROWTH_MB)


def _other(content: bytes, note: str) -> bytes:
    """Return a file of other bytes, that prints the same."""
    file = io.BytesIO(content)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("Metadata/note.txt", note)
    return file.getvalue()


@asynccontextmanager
async def _page(bench: Bench) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS
        )
        try:
            yield await enter(browser, bench.state.url, "ada")
        finally:
            await browser.close()


async def _submit(page: Page, file: Path) -> float:
    """Choose a file and submit it as soon as that is possible; return the seconds."""
    await page.evaluate("performance.clearResourceTimings()")
    began = time.monotonic()
    await page.set_input_files("input[type=file]", file)
    button = page.get_by_role("button", name=re.compile(r"^Submit \d"))
    await button.click(timeout=WITHIN_MS)
    await expect(button).to_have_count(0, timeout=WITHIN_MS)
    return time.monotonic() - began


async def _curl_put(bench: Bench, ada: Person, content: bytes) -> float:
    """Return the seconds in which curl sends the bytes to where the API says."""
    file = bench.data_dir / "curl.gcode.3mf"
    await asyncio.to_thread(file.write_bytes, content)
    sha256 = hashlib.sha256(content).hexdigest()
    wish = {"filename": file.name, "size_bytes": len(content), "sha256": sha256}
    put: Json = (await ada.post("/api/uploads", wish))["put"]
    headers = [word for pair in put["headers"].items() for word in ("-H", ": ".join(pair))]
    return await curl.timed(*headers, "--upload-file", str(file), put["url"])


async def _checking_s(bench: Bench, filename: str) -> float:
    """Return for how long the inspector had a file, with the wait for its turn."""
    connection = await asyncpg.connect(database_url(bench.state))
    try:
        return float(await connection.fetchval(_CHECKED, filename))
    finally:
        await connection.close()
