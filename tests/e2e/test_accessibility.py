"""Every page, in both schemes and at both widths: axe finds nothing serious."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import People, Stack, submitted_cube

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
WIDTHS = {"desk": 1280, "phone": 360}
WITHIN_MS = 30_000
Scheme = Literal["light", "dark"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


@asynccontextmanager
async def _page(browser: Browser, scheme: Scheme, width: int, locale: str) -> AsyncIterator[Page]:
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=locale,
        bypass_csp=True,  # axe is put into the page
        reduced_motion="reduce",
    )
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def _sign_in(page: Page, url: str) -> None:
    await page.goto(url)
    await page.get_by_text("Continue with").or_(page.get_by_text("Weiter mit")).first.click()
    await page.get_by_role("button", name="ada").click()
    await page.wait_for_url("**/jobs*")


async def _findings(page: Page) -> list[str]:
    await page.add_script_tag(path=AXE)
    found: dict[str, Any] = await page.evaluate("() => axe.run(document)")
    assert len(found["passes"]) > 10, "axe looked at nothing"
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_are_accessible(
    stack: Stack, people: People, chromium: Browser, scheme: Scheme, width: str
) -> None:
    bad: list[str] = []
    async with submitted_cube(people) as job:
        printer = (await people.ada.get("/api/printers"))[0]
        paths = [
            "/jobs",
            f"/jobs/{job['id']}",
            "/approve",
            "/printers",
            f"/printers/{printer['id']}",
        ]
        paths += ["/settings", "/settings/account", "/nowhere"]
        paths += [f"/admin/{page}" for page in ("people", "nodes", "printers", "rules", "trail")]
        locale = "en" if scheme == "light" else "de"
        async with _page(chromium, scheme, WIDTHS[width], locale) as page:
            await page.goto(f"{stack.url}/signin")
            await expect(page.get_by_role("heading").first).to_be_visible(timeout=WITHIN_MS)
            bad += [f"/signin: {finding}" for finding in await _findings(page)]
            await _sign_in(page, stack.url)
            for path in paths:
                await page.goto(f"{stack.url}{path}")
                await expect(page.locator("h1").first).to_be_visible(timeout=WITHIN_MS)
                await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WITHIN_MS)
                bad += [f"{path}: {finding}" for finding in await _findings(page)]
                spill = await page.evaluate(
                    "() => document.documentElement.scrollWidth - window.innerWidth"
                )
                if spill > 0:
                    bad.append(f"{path}: {spill} px wider than the window")
    assert bad == []


@pytest.mark.parametrize(("scheme", "width"), [("light", "desk"), ("dark", "phone")])
async def test_the_viewer_is_accessible(
    stack: Stack, people: People, chromium: Browser, scheme: Scheme, width: str
) -> None:
    async with (
        submitted_cube(people) as job,
        _page(chromium, scheme, WIDTHS[width], "en-GB") as page,
    ):
        await _sign_in(page, stack.url)
        await page.goto(f"{stack.url}/jobs/{job['id']}")
        await page.get_by_role("button", name="Show layers").click()
        await expect(page.locator("canvas")).to_be_visible(timeout=WITHIN_MS)
        overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0
        assert await _findings(page) == []
