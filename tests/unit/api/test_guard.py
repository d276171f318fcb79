"""What the guard and the errors tell browsers, with https and without."""

import httpx
import pytest
from fastapi import FastAPI
from structlog.testing import capture_logs

from services.api.errors import install_error_handlers
from services.api.guard import Guard
from tests.unit.api.test_settings import settings


def guarded(**changes: object) -> FastAPI:
    """Return an application that has only a page, and a page that fails."""
    app = FastAPI()
    install_error_handlers(app)
    app.add_middleware(Guard, settings=settings(**changes))

    @app.get("/")
    async def page() -> str:
        return "page"

    @app.get("/api/broken")
    async def broken() -> str:
        raise ZeroDivisionError("the password is swordfish")

    return app


def browser(app: FastAPI) -> httpx.AsyncClient:
    """Return a browser at the application."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


@pytest.mark.asvs("V3.4.1", "V12.2.1")
@pytest.mark.parametrize("path", ["/", "/api/broken", "/nothing"])
async def test_https_is_for_a_year_and_for_every_answer(path: str) -> None:
    async with browser(guarded(public_url="https://print.example.org")) as http:
        answer = await http.get(path)
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    async with browser(guarded()) as http:
        assert "strict-transport-security" not in (await http.get(path)).headers


@pytest.mark.asvs("V16.3.4", "V16.5.1", "V16.5.3")
async def test_what_went_wrong_is_written_down_and_not_told() -> None:
    with capture_logs() as lines:
        async with browser(guarded()) as http:
            answer = await http.get("/api/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "swordfish" not in answer.text
    assert "ZeroDivision" not in answer.text
    (line,) = [line for line in lines if line["event"] == "request_failed"]
    assert (line["path"], line["log_level"]) == ("/api/broken", "error")
    assert isinstance(line["exc_info"], ZeroDivisionError)
