"""Nodes as the API meets them."""

from pathlib import Path
from uuid import uuid4

from contracts.enrolment import CODE_HEADER, SIGNATURE_HEADER
from edge.enrol.enrolling import enrol
from edge.enrol.files import NodeFiles, signature
from tests.integration.api.people import Json, Someone, World


def a_name() -> str:
    """Return a name that no node has."""
    return f"n{uuid4().hex[:8]}"


async def added(ada: Someone, **fields: object) -> Json:
    """Return a new node with its code."""
    return await ada.post("/api/nodes", {"name": a_name(), **fields})


async def a_node(world: World, ada: Someone, folder: Path) -> tuple[str, NodeFiles]:
    """Return the name and files of an enrolled node."""
    new = await added(ada)
    files = NodeFiles(folder)
    assert (await enrol(files, world.url, new["code"])).node == new["node"]["name"]
    return new["node"]["name"], files


async def node_headers(world: World, folder: Path) -> dict[str, str]:
    """Return all that a node has to show: a code that holds, its key's signature, its pass."""
    ada = await world.someone(is_admin=True)
    _, files = await a_node(world, ada, folder)
    held = files.credentials()
    return {
        CODE_HEADER: (await added(ada))["code"],
        SIGNATURE_HEADER: signature(held.seed, b"anything"),
        "Authorization": f"Bearer {held.jwt}",
    }
