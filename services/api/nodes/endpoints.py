"""Nodes: added, given a code and revoked by admins; enrolled and renewed by themselves."""

from typing import Annotated

from fastapi import APIRouter, Header, Path

from contracts.enrolment import (
    CODE_HEADER,
    SIGNATURE_HEADER,
    ChallengeAnswer,
    ChallengeRequest,
    EnrolRequest,
    NodeCredentials,
    RenewRequest,
)
from contracts.ids import SLUG_PATTERN
from services.api.nodes.schemas import NewNode, Node, NodeWithCode
from services.api.nodes.service import DoorDep, NodeDeskDep
from services.api.problems import problems

router = APIRouter(tags=["nodes"])

Name = Annotated[str, Path(pattern=SLUG_PATTERN)]
Code = Annotated[str, Header(alias=CODE_HEADER, min_length=1, max_length=100)]
Signature = Annotated[str, Header(alias=SIGNATURE_HEADER, min_length=1, max_length=200)]


@router.get("/nodes", operation_id="list_nodes", responses=problems(403))
async def list_nodes(desk: NodeDeskDep) -> list[Node]:
    """Every node, by name."""
    return await desk.all()


@router.post("/nodes", operation_id="add_node", status_code=201, responses=problems(403, 409))
async def add_node(body: NewNode, desk: NodeDeskDep) -> NodeWithCode:
    """Add a node, and its printers; the code is shown this once."""
    return await desk.add(body)


@router.post(
    "/nodes/{name}/code",
    operation_id="make_node_code",
    status_code=201,
    responses=problems(403, 404),
)
async def make_node_code(name: Name, desk: NodeDeskDep) -> NodeWithCode:
    """Give a node a new one-time code; older ones are void."""
    return await desk.code(name)


@router.post("/nodes/{name}/revoke", operation_id="revoke_node", responses=problems(403, 404))
async def revoke_node(name: Name, desk: NodeDeskDep) -> Node:
    """Put a node out: its connections end within two seconds."""
    return await desk.revoke(name)


@router.post("/nodes/enroll", operation_id="enrol_node", responses=problems(403, 409, 429))
async def enrol_node(body: EnrolRequest, code: Code, door: DoorDep) -> NodeCredentials:
    """Let a node in with its one-time code."""
    return await door.enrol(code, body.public_key)


@router.post("/nodes/challenge", operation_id="challenge_node", responses=problems(429))
async def challenge_node(body: ChallengeRequest, door: DoorDep) -> ChallengeAnswer:
    """Get something to sign."""
    return await door.challenge(body.public_key)


@router.post("/nodes/renew", operation_id="renew_node", responses=problems(403, 429))
async def renew_node(body: RenewRequest, signature: Signature, door: DoorDep) -> NodeCredentials:
    """Give a node that proves to hold its key a new JWT, also long after the last one ended."""
    return await door.renew(body, signature)
