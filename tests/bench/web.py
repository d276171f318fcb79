"""The built web app in Chromium: its first paint, and how soon it answers with 500 jobs listed."""

import statistics
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from deploy.local.demo.client import open_browser, sign_in
from tests.bench.approvals import submit
from tests.bench.row import Bench, Rows, at_most

JOBS, COPIES = 500, 20
LOADS = 5
STEPS = 20
FIRST_PAINT_MS, NEXT_PAINT_MS = 1000.0, 100.0
WITHIN_MS = 60_000
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
WATCH = """
window.benchInteractions = new Map();
new PerformanceObserver((list) => {
  for (const { interactionId: id, duration } of list.getEntries())
    if (id > 0) benchInteractions.set(id, Math.max(duration, benchInteractions.get(id) ?? 0));
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
"""Durations of interactions as Event Timing counts them: from the input to the next paint."""
WORDS = "cube small"
IGNORED_OF = 50
"""INP leaves out one of the slowest for each 50 interactions (web.dev/articles/inp)."""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
FIRST_PAINT = """() => new Promise((done) =>
  new PerformanceObserver((list, observer) => {
    for (const { name, startTime } of list.getEntries())
      if (name === "first-contentful-paint") { observer.disconnect(); done(startTime); }
  }).observe({ type: "paint", buffered: true }))"""


async def measure(bench: Bench) -> Rows:
    """Yield the rows of the web app: first contentful paint, interaction to next paint."""
    url = bench.state.url
    async with open_browser(url) as http:
        ada = await sign_in(http, "ada")
        for _ in range(JOBS // COPIES):
            await submit(ada, COPIES)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            session = await _session(browser, url)
            paints = [await _first_paint(browser, url, session) for _ in range(LOADS)]
            next_paint = await _next_paint(browser, url, session)
        finally:
            await browser.close()
    yield at_most(
        "web: first contentful paint, nothing cached",
        "ms",
        statistics.median(paints),
        FIRST_PAINT_MS,
    )
    yield at_most(f"web: interaction to next paint, {JOBS} jobs", "ms", next_paint, NEXT_PAINT_MS)


async def _session(browser: Browser, url: str) -> Any:
    """Sign in as an admin; return the cookies for other contexts."""
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_text("Continue with").first.click()
    await page.get_by_role("button", name="ada").click()
    await page.wait_for_url("**/jobs*")
    session = await context.storage_state()
    await context.close()
    return session


async def _first_paint(browser: Browser, url: str, session: Any) -> float:
    context = await browser.new_context(storage_state=session)
    page = await context.new_page()
    await page.goto(f"{url}/jobs")
    paint = float(await page.evaluate(FIRST_PAINT))
    await context.close()
    return paint


async def _next_paint(browser: Browser, url: str, session: Any) -> float:
    """Walk the work list and search one's own jobs, by key and by hand, with all rows there."""
    context = await browser.new_context(
        storage_state=session, viewport={"width": 1280, "height": 900}
    )
    await context.add_init_script(WATCH)
    page = await context.new_page()
    await page.goto(f"{url}/approve")
    await _show_all(page)
    for _ in range(STEPS):
        await _press(page, "j")
    for _ in range(STEPS // 2):
        await _press(page, "k")
        await _press(page, "x")
    rows = page.get_by_role("list", name="Jobs to decide").get_by_role("link")
    for place in range(STEPS // 2):
        await rows.nth(place).click()
        await page.evaluate(PAINTED)
    durations = await _durations(page, 5 * STEPS // 2)
    await page.goto(f"{url}/jobs")
    await _show_all(page)
    search = page.get_by_role("searchbox")
    await search.click()
    for letter in WORDS:
        await search.press(letter)
        await page.evaluate(PAINTED)
    durations += await _durations(page, 1 + len(WORDS))
    await context.close()
    return sorted(durations, reverse=True)[len(durations) // IGNORED_OF]


async def _press(page: Page, key: str) -> None:
    await page.keyboard.press(key)
    await page.evaluate(PAINTED)


async def _show_all(page: Page) -> None:
    """Read page after page, until the list has all jobs."""
    more = page.get_by_role("button", name="Show more").first
    await more.wait_for(timeout=WITHIN_MS)
    for _ in range(JOBS // 50 - 1):
        await more.click(timeout=WITHIN_MS)
        await page.wait_for_function(
            "() => document.querySelector('[data-loading]') === null", timeout=WITHIN_MS
        )
    await page.locator(f'li[aria-setsize="{JOBS}"]').first.wait_for(timeout=WITHIN_MS)
    await page.evaluate(PAINTED)
    await page.evaluate("() => window.benchInteractions.clear()")


async def _durations(page: Page, made: int) -> list[float]:
    """Return the durations in ms of the interactions since the list was whole.

    Chromium does not tell of those below 16 ms: they count as 16.
    """
    await page.evaluate(PAINTED)
    found: list[float] = await page.evaluate("() => [...window.benchInteractions.values()]")
    if not found:
        raise RuntimeError("Chromium told of no interaction")
    return found + [16.0] * max(0, made - len(found))
