"""Settings that would open a door are refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.api.auth.sessions import cookie_name
from services.api.settings import ApiSettings
from services.cli.failure import explain_settings
from services.db.engine import sqlalchemy_url

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


def settings(**changes: object) -> ApiSettings:
    """Return settings of an API on this machine."""
    values: dict[str, object] = {
        "database_url": "postgresql://u:p7xq@127.0.0.1:1/d",
        "nats_url": "nats://127.0.0.1:1",
        "nats_creds": Path("creds"),
        "s3_endpoint": "http://127.0.0.1:1",
        "s3_access_key": "a",
        "s3_secret_key": "b",
        "session_secret": SECRET,
        **changes,
    }
    return ApiSettings.model_validate(values)


@pytest.mark.asvs("V3.3.1", "V3.3.3")
def test_https_gets_the_cookie_that_the_browser_holds_to_its_host() -> None:
    assert cookie_name(settings(public_url="https://print.example.org/")) == "__Host-layerline"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "127.9.9.9"])
def test_plain_http_on_this_machine(host: str) -> None:
    assert cookie_name(settings(public_url=f"http://{host}")) == "layerline"


@pytest.mark.parametrize(
    "url",
    [
        "http://print.example.org",
        "http://192.168.1.5:8000",
        "http://localhost.example.org",
        "ftp://localhost",
        "https://print.example.org/path",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        settings(public_url=url)


@pytest.mark.asvs("V12.3.2")
def test_plain_http_provider_elsewhere_is_refused() -> None:
    with pytest.raises(ValidationError):
        settings(oidc_issuer="http://id.example.org")
    assert settings(oidc_issuer="https://id.example.org/").oidc_issuer == "https://id.example.org"
    assert settings(oidc_issuer="").oidc_issuer is None


def test_short_session_secret_is_refused() -> None:
    with pytest.raises(ValidationError):
        settings(session_secret="x" * 31)


def test_comma_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAYERLINE_ADMIN_EMAILS", " Ada@X.org , ,bob@x.org")
    assert settings().admin_emails == {"ada@x.org", "bob@x.org"}
    assert settings().allowed_email_domains == frozenset()


@pytest.mark.asvs("V13.2.3", "V15.2.3", "V6.3.2", "V12.2.1")
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"sign_up": "open"}, "LAYERLINE_SIGN_UP"),
        ({"allowed_email_domains": "*"}, "LAYERLINE_ALLOWED_EMAIL_DOMAINS"),
        (
            {"public_url": "https://print.example.org", "oidc_issuer": "http://127.0.0.1:9"},
            "LAYERLINE_OIDC_ISSUER",
        ),
        ({"session_secret": "x" * 40}, "LAYERLINE_SESSION_SECRET"),
        ({"session_secret": "change-me-please-0123456789abcdefg"}, "LAYERLINE_SESSION_SECRET"),
        (
            {"public_url": "https://print.example.org", "s3_secret_key": "minioadmin"},
            "LAYERLINE_S3_SECRET_KEY",
        ),
        (
            {
                "public_url": "https://print.example.org",
                "database_url": "postgresql://postgres:postgres@db:5432/layerline",
            },
            "LAYERLINE_DATABASE_URL",
        ),
        ({"public_url": "http://print.example.org"}, "LAYERLINE_PUBLIC_URL"),
        (
            {"public_url": "https://print.example.org", "google_client_id": "layerline"},
            "LAYERLINE_GOOGLE_CLIENT_SECRET",
        ),
        (
            {
                "public_url": "https://print.example.org",
                "github_client_id": "layerline",
                "github_client_secret": "changeme",
            },
            "LAYERLINE_GITHUB_CLIENT_SECRET",
        ),
        (
            {"public_url": "https://print.example.org", "oidc_issuer": "https://id.example.org"},
            "LAYERLINE_OIDC_CLIENT_SECRET",
        ),
    ],
)
def test_unsafe_settings_stop_the_start_with_a_sentence(
    changes: dict[str, object], named: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(**changes)
    assert named in explain_settings(refusal.value)


def test_explanation_speaks_to_a_person() -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(session_secret="short", public_url="http://prints.example.org")
    said = explain_settings(refusal.value)
    assert "LAYERLINE_SESSION_SECRET (needs 32 characters or more)" in said
    assert "LAYERLINE_PUBLIC_URL (must be https" in said
    assert "short" not in said


def test_open_sign_up_with_an_allow_list() -> None:
    everyone = settings(sign_up="open", allowed_email_domains="*")
    assert everyone.allowed_email_domains == {"*"}


PLAIN_LINKS = {
    "LAYERLINE_DATABASE_URL": {"database_url": "postgresql://u:p7xq@db:5432/d"},
    "LAYERLINE_NATS_URL": {"nats_url": "nats://127.0.0.1:4222,nats://broker:4222"},
    "LAYERLINE_S3_ENDPOINT": {"s3_endpoint": "http://storage:8333"},
    "LAYERLINE_NODE_NATS_URL": {"node_nats_url": "ws://broker.example.org"},
}


@pytest.mark.asvs("V12.3.1", "V12.3.3", "V4.4.1")
@pytest.mark.parametrize("name", PLAIN_LINKS)
def test_links_to_other_machines_are_encrypted(name: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        settings(**PLAIN_LINKS[name])
    assert name in explain_settings(refusal.value)
    assert "LAYERLINE_PRIVATE_NETWORK" in explain_settings(refusal.value)
    assert settings(**PLAIN_LINKS[name], private_network=True).private_network


def test_encrypted_links_to_other_machines() -> None:
    made = settings(
        database_url="postgresql://u:p7xq@db:5432/d?sslmode=verify-full",
        nats_url="tls://broker:4222",
        s3_endpoint="https://storage:8333",
        node_nats_url="wss://broker.example.org",
    )
    assert sqlalchemy_url(str(made.database_url)).endswith("?ssl=verify-full")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer"])
def test_encryption_that_may_be_left_out_is_none(mode: str) -> None:
    with pytest.raises(ValidationError):
        settings(database_url=f"postgresql://u:p7xq@db:5432/d?sslmode={mode}")
