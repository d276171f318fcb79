"""Pages with much on them, in all states at once: seeded answers stand in for the API.

Runs in doubt, letters that could not be read and printers with errors are rare on a stack; here
every page has them, in both languages, schemes and widths.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from deploy.local.process import Command, free_port, http_answers, start
from tests.e2e.axe import ROOT, Scheme, findings, open_page, too_wide

JOB = "/jobs/10000000-0000-4000-8000-0000000000"
PRINTER = "/printers/40000000-0000-4000-8000-00000000000"
PATHS = [
    "/jobs",
    f"{JOB}01",
    f"{JOB}02",
    "/approve",
    "/printers",
    f"{PRINTER}1",
    f"{PRINTER}2",
    *(f"/admin/{page}" for page in ("attention", "people", "nodes", "printers", "notices")),
    *(f"/admin/{page}" for page in ("rules", "trail", "letters")),
    "/settings/notices",
]
UP_WITHIN_S = 60.0
WITHIN_MS = 30_000

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest_asyncio.fixture
async def seeded(tmp_path: Path) -> AsyncIterator[str]:
    """The built app with the seeded answers."""
    port = free_port()
    argv = ["node_modules/vite/bin/vite.js", "preview", "--mode", "mock", "--strictPort"]
    process = await start(
        Command(
            name="seeded web app",
            argv=["node", *argv, "--host", "127.0.0.1", "--port", str(port)],
            cwd=ROOT / "web",
            env={"MOCK_STILL": "1"},
        ),
        tmp_path / "seeded.log",
    )
    url = f"http://127.0.0.1:{port}"
    try:
        await process.wait_healthy(lambda: http_answers(url), within_s=UP_WITHIN_S)
        yield url
    finally:
        await process.stop()


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize(
    ("scheme", "locale"), [("light", "de"), ("dark", "en")], ids=["light-de", "dark-en"]
)
async def test_full_pages_are_accessible(
    seeded: str, chromium: Browser, scheme: Scheme, locale: str, width: int
) -> None:
    bad: list[str] = []
    async with open_page(chromium, scheme, width, locale) as page:
        for path in PATHS:
            await page.goto(f"{seeded}{path}")
            await expect(page.locator("h1").first).to_be_visible(timeout=WITHIN_MS)
            await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WITHIN_MS)
            said = [*await findings(page), *await too_wide(page)]
            bad += [f"{path}: {words}" for words in said]
        # Decisions are on this page: it is the one item of the navigation that is lit.
        await page.goto(f"{seeded}/admin/attention")
        await expect(page.locator("h1").first).to_be_visible(timeout=WITHIN_MS)
        lit = page.locator("header nav a[aria-current=page]:visible")
        await expect(lit).to_have_count(1, timeout=WITHIN_MS)
    assert bad == []
