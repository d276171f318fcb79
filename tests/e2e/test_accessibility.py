"""Every page, in both schemes and at both widths: axe finds nothing serious."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.axe import Scheme, findings, open_page, too_wide
from tests.e2e.conftest import People, Stack, submitted_cube

WIDTHS = {"desk": 1280, "phone": 360}
WITHIN_MS = 30_000
ADMIN = ["attention", "people", "nodes", "printers", "rules", "notices", "trail", "letters"]

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


async def _sign_in(page: Page, url: str) -> None:
    await page.goto(url)
    await page.get_by_text("Continue with").or_(page.get_by_text("Weiter mit")).first.click()
    await page.get_by_role("button", name="ada").click()
    await page.wait_for_url("**/jobs*")


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
        paths += [f"/admin/{page}" for page in ADMIN]
        paths += ["/settings/notices"]
        locale = "en" if scheme == "light" else "de"
        async with open_page(chromium, scheme, WIDTHS[width], locale) as page:
            await page.goto(f"{stack.url}/signin")
            await expect(page.get_by_role("heading").first).to_be_visible(timeout=WITHIN_MS)
            bad += [f"/signin: {finding}" for finding in await findings(page)]
            await _sign_in(page, stack.url)
            for path in paths:
                await page.goto(f"{stack.url}{path}")
                await expect(page.locator("h1").first).to_be_visible(timeout=WITHIN_MS)
                await expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=WITHIN_MS)
                bad += [f"{path}: {finding}" for finding in await findings(page)]
                bad += [f"{path}: {words}" for words in await too_wide(page)]
    assert bad == []


@pytest.mark.parametrize(("scheme", "width"), [("light", "desk"), ("dark", "phone")])
async def test_the_viewer_is_accessible(
    stack: Stack, people: People, chromium: Browser, scheme: Scheme, width: str
) -> None:
    async with (
        submitted_cube(people) as job,
        open_page(chromium, scheme, WIDTHS[width], "en-GB") as page,
    ):
        await _sign_in(page, stack.url)
        await page.goto(f"{stack.url}/jobs/{job['id']}")
        await page.get_by_role("button", name="Show layers").click()
        await expect(page.locator("canvas")).to_be_visible(timeout=WITHIN_MS)
        assert await too_wide(page) == []
        assert await findings(page) == []
