"""Nodes as admins see them."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from contracts.ids import NodeName, QueueName
from services.api.schemas import In, Name, Out

Serial = Annotated[
    str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[0-9A-Za-z]{8,32}$")
]


class NodeState(StrEnum):
    """How far a node is."""

    WAITING = "waiting"
    """Added, not enrolled yet."""
    ENROLLED = "enrolled"
    REVOKED = "revoked"


class NodePrinter(Out):
    """A printer beside a node."""

    serial: str
    name: str
    queue: str


class Node(Out):
    """The process beside one or more printers."""

    name: str
    title: str
    state: NodeState
    printers: list[NodePrinter]
    created_at: datetime
    code_expires_at: datetime | None = Field(description="of a code that nobody used yet")
    enrolled_at: datetime | None
    credentials_expire_at: datetime | None = Field(description="the node renews them by itself")
    revoked_at: datetime | None
    cut_at: datetime | None = Field(description="when the broker confirmed the revocation")
    last_fact_at: datetime | None


class NodeWithCode(Out):
    """A node and its one-time code, which is shown this once."""

    node: Node
    code: str
    expires_at: datetime
    command: str = Field(description="what to run on the node")


class NewPrinter(In):
    """A printer that the node will serve."""

    serial: Serial
    name: Name
    queue: QueueName = "main"


class NewNode(In):
    """A node to add."""

    name: NodeName
    title: Name | None = None
    printers: list[NewPrinter] = Field(default=[], max_length=50)
