"""The ways to sign in: Google and GitHub as presets, any OpenID provider by configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from authlib.integrations.starlette_client import OAuth

from services.api.settings import ApiSettings

GOOGLE_ISSUER: Final = "https://accounts.google.com"
OPENID_SCOPES: Final = "openid email profile"
GITHUB_SCOPES: Final = "read:user user:email"
PROVIDER_TIMEOUT_S: Final = 10.0


@dataclass(frozen=True)
class KnownProvider:
    """A provider that is configured; `issuer` is one half of an identity there."""

    id: str
    name: str
    issuer: str
    kind: Literal["openid", "github"]


def known_providers(settings: ApiSettings) -> tuple[KnownProvider, ...]:
    """Return the configured providers in the order in which people are offered them."""
    known = []
    if settings.google_client_id:
        known.append(KnownProvider("google", "Google", GOOGLE_ISSUER, "openid"))
    if settings.github_client_id:
        known.append(KnownProvider("github", "GitHub", settings.github_url, "github"))
    if settings.oidc_issuer is not None:
        known.append(KnownProvider("oidc", settings.oidc_name, settings.oidc_issuer, "openid"))
    return tuple(known)


def make_oauth(settings: ApiSettings) -> OAuth:
    """Return the registry with the configured providers; asks them nothing yet."""
    oauth = OAuth()
    keys = {
        "google": (settings.google_client_id, settings.google_client_secret),
        "github": (settings.github_client_id, settings.github_client_secret),
        "oidc": (settings.oidc_client_id, settings.oidc_client_secret),
    }
    for provider in known_providers(settings):
        client_id, client_secret = keys[provider.id]
        oauth.register(
            provider.id,
            client_id=client_id,
            client_secret=client_secret.get_secret_value(),
            **_addresses(provider, settings),
        )
    return oauth


def _addresses(provider: KnownProvider, settings: ApiSettings) -> Mapping[str, Any]:
    shared = {"code_challenge_method": "S256", "timeout": PROVIDER_TIMEOUT_S}
    if provider.kind == "openid":
        return {
            "server_metadata_url": f"{provider.issuer}/.well-known/openid-configuration",
            "client_kwargs": {"scope": OPENID_SCOPES, **shared},
        }
    return {
        "authorize_url": f"{settings.github_url}/login/oauth/authorize",
        "access_token_url": f"{settings.github_url}/login/oauth/access_token",
        "api_base_url": f"{settings.github_api_url}/",
        "client_kwargs": {"scope": GITHUB_SCOPES, **shared},
    }
