"""The whole embedded stack with three simulated printers, for the session; people beside it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from deploy.local.demo.client import Json, Person, open_browser, sign_in
from deploy.local.state import StackState, read_state
from tests.eventually import eventually
from tests.fixtures.folders import open_to_postgres

ROOT = Path(__file__).resolve().parents[2]
CUBE = ROOT / "samples" / "cube-small.gcode.3mf"
SPEED = "120"
UP_WITHIN_S = 120
PATIENCE_MS = 30_000
"""How long a page may take to show something; only what fails ever waits so long."""
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
]


@dataclass(frozen=True)
class Stack:
    """A running stack and its folder."""

    data_dir: Path
    state: StackState

    @property
    def url(self) -> str:
        return self.state.url


def layerline(data_dir: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `python -m deploy.local`, as `make` does."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.local", "--data-dir", str(data_dir), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=UP_WITHIN_S,
        check=False,
    )


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Three printers on two nodes, one queue."""
    data_dir = tmp_path_factory.mktemp("stack")
    open_to_postgres(data_dir)
    started = layerline(data_dir, "up", "--background", "--printers", "3", "--speed", SPEED)
    state = read_state(data_dir)
    if state is None:
        pytest.fail(f"the stack did not come up: {started.stdout}{started.stderr}")
    yield Stack(data_dir, state)
    stopped = layerline(data_dir, "down")
    assert "stopped" in stopped.stdout


@dataclass(frozen=True)
class People:
    """Those who are signed in by HTTP."""

    mia: Person
    ada: Person


@pytest_asyncio.fixture
async def people(stack: Stack) -> AsyncIterator[People]:
    """Mia, a member, and Ada, an admin."""
    async with open_browser(stack.url) as mias, open_browser(stack.url) as adas:
        yield People(await sign_in(mias, "mia"), await sign_in(adas, "ada"))


@pytest_asyncio.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A real browser without a window."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=CHROMIUM_FLAGS
        )
        try:
            yield browser
        finally:
            await browser.close()


async def enter(
    browser: Browser, url: str, who: str, scheme: Literal["light", "dark"] = "light"
) -> Page:
    """Return a page of a browser profile of its own, signed in through the sign-in page."""
    context = await browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=scheme
    )
    page = await context.new_page()
    await page.goto(url)
    await (
        page.get_by_role("link", name="Continue with")
        .or_(page.get_by_role("button", name="Continue with"))
        .first.click()
    )
    await page.get_by_role("button", name=who).click()
    await page.wait_for_url("**/jobs*")
    return page


@asynccontextmanager
async def submitted_cube(people: People, content: bytes | None = None) -> AsyncIterator[Json]:
    """Yield a job of Mia's that waits for approval; it is withdrawn afterwards."""
    artifact = await people.mia.upload(CUBE.name, content or CUBE.read_bytes())

    async def checked() -> bool:
        found = await people.mia.get(f"/api/artifacts/{artifact['id']}")
        return bool(found["state"] == "ready")

    await eventually(checked, within_s=30)
    submission = await people.mia.post(
        "/api/submissions",
        {
            "artifact_id": artifact["id"],
            "plates": [{"plate": 1, "copies": 1}],
            "note": "for the shelf",
            "queue": "main",
        },
    )
    job: Json = submission["jobs"][0]
    try:
        yield job
    finally:
        job = await people.mia.get(f"/api/jobs/{job['id']}")
        if "withdraw" in job["allowed_actions"]:
            await people.mia.post(f"/api/jobs/{job['id']}/withdraw", {"version": job["version"]})


async def clear_all_plates(stack: Stack) -> None:
    """Take the parts off every plate that is free."""
    async with httpx.AsyncClient() as control:
        for printer in stack.state.printers:
            state = (await control.get(f"{printer.control_url}/state")).json()
            if state["gcode_state"] in {"IDLE", "FINISH", "FAILED"}:
                await control.post(f"{printer.control_url}/plate/clear")


async def say_beds_are_clear(people: People) -> None:
    """Answer for every printer that asks and has no run."""
    for printer in await people.ada.get("/api/printers"):
        if printer["bed"]["state"] != "clear" and "clear_bed" in printer["allowed_actions"]:
            await people.ada.post(
                f"/api/printers/{printer['id']}/clear-bed", {"bed_seq": printer["bed"]["seq"]}
            )


async def counters(stack: Stack) -> list[Json]:
    """Return what each simulated printer counted."""
    async with httpx.AsyncClient() as control:
        answers = await asyncio.gather(
            *(control.get(f"{printer.control_url}/counters") for printer in stack.state.printers)
        )
    return [answer.json() for answer in answers]
