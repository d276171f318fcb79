"""A signed message to a webhook, by the Standard Webhooks scheme."""

import json
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import httpx
from standardwebhooks.webhooks import Webhook

from services.notices.addresses import AddressRefused, must_be_webhook, resolve
from services.notify.outcome import Outcome

TIMEOUT_S: Final = 15.0
GONE: Final = 410
MAX_READ: Final = 4096
USER_AGENT: Final = "Layerline-Webhooks/1"


async def post(
    url: str,
    key: str,
    message_id: str,
    content: dict[str, object],
    *,
    allow_private: bool,
) -> Outcome:
    """Post one message; a repetition has the same id, redirects are not followed."""
    try:
        await must_be_webhook(url, allow_private=allow_private)
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        # Connect to the very address that was looked at: a name can change in between.
        address = await resolve(host, port, allow_private=allow_private)
    except AddressRefused as exc:
        return Outcome(str(exc))
    body = _body(content)
    at = datetime.now(UTC)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Host": parts.netloc,
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(key).sign(message_id, at, body),
    }
    bracketed = f"[{address}]" if ":" in address else address
    pinned = urlunsplit((parts.scheme, f"{bracketed}:{port}", parts.path or "/", parts.query, ""))
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as http,
            http.stream(
                "POST",
                pinned,
                content=body,
                headers=headers,
                extensions={"sni_hostname": host},
            ) as answer,
        ):
            return Outcome(
                f"HTTP {answer.status_code}",
                is_sent=answer.is_success,
                is_final=answer.status_code == GONE,
            )
    except (httpx.HTTPError, OSError) as exc:
        return Outcome(f"{type(exc).__name__}")


def _body(content: dict[str, object]) -> str:
    told = {
        "type": content["type"],
        "timestamp": content["at"],
        "data": {**_object(content["data"]), "title": content["title"]},
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _object(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
