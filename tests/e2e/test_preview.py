"""A plate's picture and its layers, in a real browser."""

import io
import zipfile

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import CUBE, ROOT, People, Stack, enter, submitted_cube

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
VIEW_WITHIN_MS = 60_000


async def colors_of(page: Page) -> int:
    """Return how many colours the drawing shows."""
    shot = await page.locator("canvas").screenshot()
    with Image.open(io.BytesIO(shot)) as picture:
        return len(picture.convert("RGB").getcolors(maxcolors=2**24) or ())


def cube_with_its_model() -> bytes:
    """Return the sliced cube as slicers write it that leave the meshes in."""
    mesh = "3D/3dmodel.model"
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(CUBE) as sliced,
        zipfile.ZipFile(ROOT / "samples" / "unsliced.3mf") as project,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in sliced.infolist():
            source = project if entry.filename == mesh else sliced
            made.writestr(entry.filename, source.read(entry.filename))
    return packed.getvalue()


async def test_approver_sees_the_picture_and_goes_through_the_layers(
    stack: Stack, chromium: Browser, people: People
) -> None:
    page = await enter(chromium, stack.url, "ada")
    async with submitted_cube(people) as job:
        await page.goto(f"{stack.url}/approve/{job['id']}")
        picture = page.locator("article img").first
        await expect(picture).to_be_visible()
        assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 1

        await page.get_by_role("button", name="Show layers").click()
        dialog = page.get_by_role("dialog")
        canvas = dialog.locator("canvas")
        await expect(canvas).to_be_visible(timeout=VIEW_WITHIN_MS)
        await expect(page.locator("html")).to_have_css("overflow", "hidden")
        layer = dialog.get_by_role("slider", name="Layer")
        await layer.focus()
        await page.keyboard.press("Home")
        await expect(dialog.get_by_text("Layer 1 of")).to_be_visible()
        await page.keyboard.press("ArrowRight")
        await expect(dialog.get_by_text("Layer 2 of")).to_be_visible()
        await page.keyboard.press("End")
        assert await colors_of(page) > 3

        await dialog.get_by_text("Model").click()
        await expect(dialog.get_by_text("carries no model")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await expect(page.locator("html")).to_have_css("overflow", "visible")
        await expect(page.get_by_role("button", name="Show layers")).to_be_focused()


async def test_the_viewer_is_loaded_only_when_it_is_opened(
    stack: Stack, chromium: Browser, people: People
) -> None:
    page = await enter(chromium, stack.url, "mia")
    scripts: list[str] = []
    page.on("request", lambda request: scripts.append(request.url))
    async with submitted_cube(people) as job:
        await page.goto(f"{stack.url}/jobs/{job['id']}")
        button = page.get_by_role("button", name="Show layers")
        await expect(button).to_be_visible()
        assert not [url for url in scripts if "preview" in url or "toolpath" in url]
        await button.click()
        await expect(page.locator("canvas")).to_be_visible(timeout=VIEW_WITHIN_MS)
        assert [url for url in scripts if "toolpath" in url]


async def test_approver_turns_the_model(stack: Stack, chromium: Browser, people: People) -> None:
    page = await enter(chromium, stack.url, "ada")
    async with submitted_cube(people, cube_with_its_model()) as job:
        await page.goto(f"{stack.url}/approve/{job['id']}")
        await page.get_by_role("button", name="Show layers").click()
        dialog = page.get_by_role("dialog")
        canvas = dialog.locator("canvas")
        await expect(canvas).to_be_visible(timeout=VIEW_WITHIN_MS)
        await dialog.get_by_text("Model").click()
        await expect(dialog.get_by_text("carries no model")).to_have_count(0)
        await expect(canvas).to_be_visible()
        assert await colors_of(page) > 3
        before = await canvas.screenshot()
        middle = await canvas.bounding_box()
        assert middle is not None
        x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
        await page.mouse.move(x, y)
        await page.mouse.down()
        await page.mouse.move(x + 150, y + 40, steps=5)
        await page.mouse.up()
        assert await canvas.screenshot() != before
