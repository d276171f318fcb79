"""The broker's configuration: the same on one machine, in containers and at a host."""

import json
from dataclasses import dataclass
from pathlib import Path

from services.provision.keys import BrokerTrust

MAX_FILE_BYTES = 2 * 1024**3
"""Well below the disk: a store that meets the end of it stands still until it is restarted."""
_CONFIG = """\
server_name: layerline-nats
listen: {host}:{port}
http: {monitor_host}:{monitor_port}
ping_interval: "20s"
ping_max: 2
write_deadline: "10s"
max_payload: 1MB
max_connections: 10000
lame_duck_duration: "30s"
lame_duck_grace_period: "1s"
operator: {operator}
system_account: {system}
resolver: {{ type: full, dir: {jwt_folder}, allow_delete: false }}
resolver_preload: {{
  {system}: {system_jwt}
  {app}: {app_jwt}
  {nodes}: {nodes_jwt}
}}
jetstream {{
  store_dir: {store}
  sync_interval: always
  max_file: {max_file}
  max_mem: 64MB
  limits {{ default_max_consumers: -1 }}
}}
"""
# TLS ends in front of it: at the front door, or at the host's edge.
_WEBSOCKET = """\
websocket {{ listen: "{host}:{port}", no_tls: true, same_origin: false }}
"""


@dataclass(frozen=True)
class BrokerPlace:
    """Where a broker listens and keeps its store; without `websocket_port` it has none."""

    host: str
    port: int
    monitor_host: str
    monitor_port: int
    folder: Path
    websocket_port: int | None


CONTAINER = BrokerPlace(
    host="0.0.0.0",  # noqa: S104 - the container's own network
    port=4222,
    monitor_host="0.0.0.0",  # noqa: S104
    monitor_port=8222,
    folder=Path("/data"),
    websocket_port=8080,
)


def broker_config(trust: BrokerTrust, place: BrokerPlace) -> str:
    """Return the text of nats.conf."""
    text = _CONFIG.format(
        host=place.host,
        port=place.port,
        monitor_host=place.monitor_host,
        monitor_port=place.monitor_port,
        jwt_folder=json.dumps(str(place.folder / "jwt")),
        store=json.dumps(str(place.folder / "js")),
        operator=trust.operator_jwt,
        system=trust.system_account,
        system_jwt=trust.system_jwt,
        app=trust.app_account,
        app_jwt=trust.app_jwt,
        nodes=trust.nodes_account,
        nodes_jwt=trust.nodes_jwt,
        max_file=MAX_FILE_BYTES,
    )
    if place.websocket_port is None:
        return text
    return text + _WEBSOCKET.format(host=place.host, port=place.websocket_port)
