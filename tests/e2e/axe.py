"""What axe finds on a page, and whether it is wider than its window."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from playwright.async_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = {"serious", "critical"}
Scheme = Literal["light", "dark"]


@asynccontextmanager
async def open_page(
    browser: Browser, scheme: Scheme, width: int, locale: str
) -> AsyncIterator[Page]:
    """Yield a page of a browser profile of its own, into which axe may be put."""
    context = await browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        locale=locale,
        bypass_csp=True,
        reduced_motion="reduce",
    )
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def findings(page: Page) -> list[str]:
    """Return what axe calls serious or critical."""
    await page.add_script_tag(path=AXE)
    found: dict[str, Any] = await page.evaluate("() => axe.run(document)")
    assert len(found["passes"]) > 10, "axe looked at nothing"
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:160]}"
        for violation in found["violations"]
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]


async def too_wide(page: Page) -> list[str]:
    """Return by how much a page would have to be scrolled sideways, if at all."""
    spill = await page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
    return [f"{spill} px wider than the window"] if spill > 0 else []
