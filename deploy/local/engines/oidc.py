"""An OpenID provider on loopback, so that signing in locally is the same code as with Google."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.process import ChildProcess, Command, free_port, http_answers, start, tool

START_WITHIN_S = 60.0
CLIENT_ID = "layerline"
EMAIL_DOMAIN = "layerline.local"


@dataclass(frozen=True)
class DemoUser:
    """Somebody who can sign in locally with one click."""

    subject: str
    name: str

    @property
    def email(self) -> str:
        """The verified e-mail that the provider tells."""
        return f"{self.subject}@{EMAIL_DOMAIN}"


ADMIN = DemoUser("ada", "Ada Admin")
MEMBERS = (DemoUser("mia", "Mia Member"), DemoUser("kim", "Kim Member"))


@dataclass(frozen=True)
class OpenIDProvider:
    """A running provider."""

    process: ChildProcess
    port: int

    @property
    def issuer(self) -> str:
        """Who signs the identities."""
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def run_oidc(folder: Path, *, port: int | None = None) -> AsyncIterator[OpenIDProvider]:
    """Yield a provider that knows the demo's users."""
    provider = await start_oidc(port=port, log_file=folder / "log")
    try:
        yield provider
    finally:
        await provider.process.stop()


async def start_oidc(*, port: int | None, log_file: Path) -> OpenIDProvider:
    """Start the provider; raise StartFailed with its last words."""
    chosen = port or free_port()
    users = [
        flag
        for user in (ADMIN, *MEMBERS)
        for flag in (
            "--user-claims",
            json.dumps(
                {
                    "sub": user.subject,
                    "name": user.name,
                    "email": user.email,
                    "email_verified": True,
                }
            ),
        )
    ]
    command = Command(
        name="sign-in",
        argv=[tool("oidc-provider-mock"), "--host", "127.0.0.1", "--port", str(chosen), *users],
        env={"PYTHONWARNINGS": "ignore"},
    )
    process = await start(command, log_file)
    provider = OpenIDProvider(process, chosen)
    try:
        await process.wait_healthy(
            lambda: http_answers(f"{provider.issuer}/.well-known/openid-configuration"),
            within_s=START_WITHIN_S,
        )
    except BaseException:
        await process.stop()
        raise
    return provider
