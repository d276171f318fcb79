"""An admin at work on people and nodes, a person on their own account, in a real browser."""

from uuid import uuid4

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.conftest import Stack, enter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_admin_invites_adds_a_node_and_revokes_it_and_the_trail_knows(
    stack: Stack, chromium: Browser
) -> None:
    page = await enter(chromium, stack.url, "ada")
    email, node = f"{uuid4().hex[:12]}@elsewhere.example", f"shed-{uuid4().hex[:6]}"

    await page.goto(f"{stack.url}/admin/people")
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_role("button", name="Invite", exact=True).click()
    await expect(page.get_by_text(f"{email} is invited")).to_be_visible()
    await page.get_by_role("button", name=f"Withdraw: {email}").click()
    await expect(page.get_by_role("button", name=f"Withdraw: {email}")).to_have_count(0)

    await page.goto(f"{stack.url}/admin/nodes")
    await page.get_by_role("button", name="Add a node").click()
    await page.get_by_role("textbox", name="Name").first.fill(node)
    await page.reload()  # what was typed is still there
    await expect(page.get_by_role("textbox", name="Name").first).to_have_value(node)
    await page.get_by_role("button", name="Add a node").click()
    await expect(page.get_by_role("img", name=f"QR code of the command for {node}")).to_be_visible()
    await expect(page.get_by_text("layerline-edge enroll")).to_be_visible()
    await page.get_by_role("button", name=f"Revoke …: {node}").click()
    yes = page.get_by_role("button", name="Revoke it")
    await expect(yes).to_be_disabled()
    await page.get_by_label(f"Type {node} to go on").fill(node)
    await yes.click()
    await expect(page.get_by_text("Revoked").first).to_be_visible()

    await page.goto(f"{stack.url}/admin/trail?what=node")
    await expect(page.get_by_text("revoked a node").first).to_be_visible()
    await expect(page.get_by_text("signed in")).to_have_count(0)


async def test_member_makes_a_token_and_sees_its_secret_once(
    stack: Stack, chromium: Browser
) -> None:
    page = await enter(chromium, stack.url, "mia")
    name = f"script {uuid4().hex[:6]}"
    await page.goto(f"{stack.url}/settings/account")
    await expect(page.get_by_text("This browser").last).to_be_visible()
    await page.get_by_label("What it is for").fill(name)
    await page.get_by_role("button", name="Make a token").click()
    await expect(page.get_by_text(f"The token “{name}”")).to_be_visible()
    await page.get_by_role("button", name="I have copied it").click()
    await expect(page.get_by_text(f"The token “{name}”")).to_have_count(0)
    await page.get_by_role("button", name=f"Revoke: {name}").click()
    await page.get_by_role("button", name="Revoke it").click()
    await expect(page.get_by_text(name, exact=True)).to_have_count(0)

    await page.goto(f"{stack.url}/admin/people")
    await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()


async def test_old_sign_in_is_confirmed_and_what_was_typed_is_there_afterwards(
    stack: Stack, chromium: Browser
) -> None:
    page = await enter(chromium, stack.url, "mia")
    refusal = (
        '{"type": "/problems/sign-in-again", "title": "Forbidden", "status": 403,'
        ' "detail": "Sign in again.", "job": null, "printer": null}'
    )
    await page.route(
        "**/api/me/tokens",
        lambda route: (
            route.fulfill(status=403, content_type="application/problem+json", body=refusal)
            if route.request.method == "POST"
            else route.continue_()
        ),
    )
    await page.goto(f"{stack.url}/settings/account")
    await page.get_by_label("What it is for").fill("kept over the sign-in")
    await page.get_by_role("button", name="Make a token").click()
    await page.get_by_role("link", name="Sign in again").click()
    await page.get_by_text("Continue with").first.click()
    await page.get_by_role("button", name="mia").click()
    await page.wait_for_url("**/settings/account")
    await expect(page.get_by_label("What it is for")).to_have_value("kept over the sign-in")
