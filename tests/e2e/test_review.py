"""Prices that an admin sets, and what an approver and a submitter then know of a job."""

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import People, Stack, enter, submitted_cube

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.mark.asvs("V7.4.4")
async def test_admin_sets_a_price_approver_and_submitter_see_fit_and_cost(
    stack: Stack, chromium: Browser, people: People
) -> None:
    admin = await enter(chromium, stack.url, "ada")
    await admin.goto(f"{stack.url}/admin/rules")
    await admin.get_by_label("Any other material, per kilogram").fill("25")
    await admin.get_by_label("Electricity per hour of printing").fill("0.5")
    await admin.get_by_role("button", name="Save").click()
    await expect(admin.get_by_text("Saved.")).to_be_visible()

    member = await enter(chromium, stack.url, "mia")
    async with submitted_cube(people) as job:
        await admin.goto(f"{stack.url}/approve/{job['id']}")
        await expect(admin.get_by_role("img", name="Fits", exact=True).first).to_be_visible()
        await expect(admin.get_by_text("sliced for P1S")).to_be_visible()
        await expect(admin.get_by_text("about €")).to_be_visible()

        await member.goto(f"{stack.url}/jobs/{job['id']}")
        await expect(member.get_by_text("about €")).to_be_visible()

    await member.goto(f"{stack.url}/settings")
    await expect(member.get_by_role("button", name="Sign out")).to_be_visible()
    await expect(member.get_by_text("Prices and limits")).to_have_count(0)
