"""`python -m services.notify.teller`: reads messages, sends each through Apprise, answers a line.

Whatever an address makes Apprise do, this process connects to public addresses only, runs no
program and writes no file: an audit hook ends it otherwise. So no notice reaches what stands on
this machine or its network, by whichever plugin.
"""

import json
import logging
import sys
from ipaddress import ip_address

import apprise

from services.notices.addresses import is_public

_REFUSED_EVENTS = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"}
    | {"subprocess.Popen", "socket.bind", "ctypes.dlopen", "syslog.openlog", "syslog.syslog"}
)
_WRITING = ("w", "a", "x", "+")


class NotAllowed(Exception):
    """An address asked for more than sending out."""


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else ""
        _must_be_public(str(host))
    elif event in _REFUSED_EVENTS:
        raise NotAllowed(event)
    elif event == "open" and isinstance(args[1], str) and args[1].startswith(_WRITING):
        raise NotAllowed("writing a file")


def _must_be_public(host: str) -> None:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        raise NotAllowed("connecting to what is no address") from None
    if not is_public(address):
        raise NotAllowed("connecting to a private network")


def _send(message: dict[str, str]) -> tuple[bool, str]:
    asset = apprise.AppriseAsset(
        app_id="Layerline", app_desc="Layerline", plugin_paths=[], storage_mode="memory"
    )
    plugin = apprise.Apprise.instantiate(message["address"], asset=asset, suppress_exceptions=True)
    if plugin is None:
        return False, "Apprise does not know this address"
    service = str(plugin.service_name)
    try:
        is_sent = bool(
            plugin.notify(
                title=message["title"],
                body=message["text"],
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
    except NotAllowed as exc:
        return False, f"{service}: refused: {exc}"
    except Exception as exc:  # noqa: BLE001 - plugins raise what they like; it was not sent
        return False, f"{service}: {type(exc).__name__}"
    return is_sent, f"{service}: {'sent' if is_sent else 'not taken'}"


def main() -> None:
    """Send what stands on standard input, one JSON object a line."""
    logging.disable(logging.CRITICAL)
    # Loads every plugin, and what they load, before the door is shut.
    apprise.Apprise.instantiate("json://127.0.0.1")
    if "--allow-private" not in sys.argv[1:]:
        sys.addaudithook(_guard)
    for line in sys.stdin:
        is_sent, answer = _send(json.loads(line))
        sys.stdout.write(json.dumps({"sent": is_sent, "answer": answer}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
