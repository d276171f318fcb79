"""Nodes: what admins do with them, and how a node gets in."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request
from sqlmodel.ext.asyncio.session import AsyncSession

from contracts.enrolment import ChallengeAnswer, NodeCredentials, RenewRequest, signed_text
from services.api.auth.origins import ip_of
from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.errors import ApiError
from services.api.nodes.challenges import is_own_challenge, make_challenge
from services.api.nodes.reading import read_nodes
from services.api.nodes.schemas import NewNode, Node, NodeWithCode
from services.api.state import Services
from services.db.tables import machines
from services.jobs.errors import Conflict, NotAllowed, Unknown
from services.registry import enrolment, nodes
from services.registry.enrolment import Admission
from services.registry.errors import EnrolmentRefused, RegistryError, UnknownNode
from services.registry.nodes import By
from services.registry.printers import register_printer
from services.trust.authority import AuthorityError, NodeSigner
from services.trust.nats_jwt import is_signed_by, is_user_key


class NodeDesk:
    """What an admin does with nodes."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services = services
        self._by = By(viewer.id, viewer.ip)

    async def all(self) -> list[Node]:
        """Return every node."""
        async with self._services.sessions() as session:
            return await read_nodes(session, now=self._services.clock.now())

    async def add(self, new: NewNode) -> NodeWithCode:
        """Add a node with its printers and give it a code; raise Conflict for a known name."""
        now = self._services.clock.now()
        with _told():
            async with self._services.sessions() as session, session.begin():
                if await session.get(machines.Node, new.name) is not None:
                    raise Conflict("node-exists", f"There is a node {new.name!r} already.")
                title = new.title or new.name
                await nodes.register_node(session, new.name, title=title, now=now, by=self._by)
                for printer in new.printers:
                    await register_printer(
                        session,
                        serial=printer.serial,
                        name=printer.name,
                        node=new.name,
                        queue=printer.queue,
                        now=now,
                        by=self._by,
                    )
                    await session.flush()
                return await self._with_code(session, new.name)

    async def code(self, name: str) -> NodeWithCode:
        """Give a node a new code; older ones are void."""
        with _told():
            async with self._services.sessions() as session, session.begin():
                return await self._with_code(session, name)

    async def revoke(self, name: str) -> Node:
        """Put a node out."""
        now = self._services.clock.now()
        with _told():
            async with self._services.sessions() as session, session.begin():
                await nodes.revoke_node(session, name, now=now, by=self._by)
                await session.flush()
                (node,) = await read_nodes(session, now=now, name=name)
                return node

    async def _with_code(self, session: AsyncSession, name: str) -> NodeWithCode:
        now = self._services.clock.now()
        code = await nodes.make_code(session, name, now=now, by=self._by)
        await session.flush()
        (node,) = await read_nodes(session, now=now, name=name)
        command = f"layerline-edge enroll {self._services.settings.public_url} {code.text}"
        return NodeWithCode(node=node, code=code.text, expires_at=code.expires_at, command=command)


class Door:
    """Where nodes knock; nobody is signed in here."""

    def __init__(self, services: Services, ip: str | None) -> None:
        self._services, self._ip = services, ip
        self._by = By(ip=ip)

    async def enrol(self, code: str, public_key: str) -> NodeCredentials:
        """Let the node of this code in."""
        self._services.knocking.enrol(self._ip)
        if not is_user_key(public_key):
            raise ApiError(409, "key-unusable", "This is no public key of a node: make a new one.")
        signer, now = self._signer(), self._services.clock.now()
        with _told():
            async with self._services.sessions() as session, session.begin():
                admission = await enrolment.enrol(
                    session, code, public_key, now=now, life=self._life, by=self._by
                )
        return self._credentials(signer, admission)

    async def challenge(self, public_key: str) -> ChallengeAnswer:
        """Give something to sign, whoever asks: it says nothing about the key."""
        self._services.knocking.renew(self._ip)
        made = make_challenge(self._signer(), public_key, now=self._services.clock.now())
        return ChallengeAnswer(challenge=made)

    async def renew(self, request: RenewRequest, signature: str) -> NodeCredentials:
        """Give a node that signed our challenge a new JWT."""
        self._services.knocking.renew(self._ip)
        signer, now = self._signer(), self._services.clock.now()
        proof = signed_text(request.challenge)
        if not (
            is_own_challenge(signer, request.public_key, request.challenge, now=now)
            and is_signed_by(request.public_key, proof, _decoded(signature))
        ):
            raise ApiError(
                403, "signature-refused", "The signature or its challenge is not good: ask again."
            )
        with _told():
            async with self._services.sessions() as session, session.begin():
                admission = await enrolment.renew(
                    session, request.public_key, now=now, life=self._life, by=self._by
                )
        return self._credentials(signer, admission)

    @property
    def _life(self) -> timedelta:
        return timedelta(seconds=self._services.settings.node_credentials_s)

    def _signer(self) -> NodeSigner:
        path = self._services.settings.node_signer
        if path is None:
            raise ApiError(
                503,
                "enrolment-off",
                "Nodes can't enrol here. An admin has to set LAYERLINE_NODE_SIGNER.",
            )
        try:
            return NodeSigner.read(path)
        except AuthorityError as exc:
            raise ApiError(
                503, "enrolment-off", "The file of LAYERLINE_NODE_SIGNER can't be used."
            ) from exc

    def _credentials(self, signer: NodeSigner, admission: Admission) -> NodeCredentials:
        settings = self._services.settings
        jwt = signer.sign(
            admission.node,
            admission.public_key,
            issued_at=int(admission.issued_at.timestamp()),
            expires_at=int(admission.expires_at.timestamp()),
        )
        return NodeCredentials(
            node=admission.node,
            jwt=jwt,
            nats_url=settings.node_nats_url or settings.nats_url,
            issued_at=admission.issued_at,
            expires_at=admission.expires_at,
        )


@contextmanager
def _told() -> Iterator[None]:
    """Turn the registry's refusals into answers."""
    try:
        yield
    except UnknownNode as exc:
        raise Unknown("node") from exc
    except EnrolmentRefused as exc:
        status = 409 if exc.code == "key-unusable" else 403
        raise ApiError(status, exc.code, str(exc)) from exc
    except RegistryError as exc:
        raise Conflict("not-registered", str(exc)) from exc


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except ValueError:
        return b""


async def _desk(services: ServicesDep, viewer: Viewer) -> NodeDesk:
    if not viewer.is_admin:
        raise NotAllowed("admins-only", "Only an admin can do this. Ask one.")
    return NodeDesk(services, viewer)


async def _door(request: Request, services: ServicesDep) -> Door:
    return Door(services, ip_of(request))


NodeDeskDep = Annotated[NodeDesk, Depends(_desk)]
DoorDep = Annotated[Door, Depends(_door)]
