"""A checker with its database and bucket, and uploads for it."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
from sqlmodel import select

from contracts.events import parse_event
from contracts.ids import ArtifactId, CorrelationId
from contracts.lifecycle import ArtifactState
from services.db.engine import Sessions
from services.db.tables.bus import Outbox
from services.db.tables.people import User
from services.db.tables.work import Artifact
from services.inspector.checking import Checker
from services.storage.bucket import Bucket, incoming_key


@dataclass
class Bench:
    """A checker with its database and bucket."""

    sessions: Sessions
    bucket: Bucket
    checker: Checker

    async def upload(self, content: bytes, *, claims: bytes | None = None) -> Artifact:
        """Put `content` there as the upload of an artifact that claims to be `claims`."""
        artifact_id = uuid4()
        key = incoming_key(artifact_id)
        digest = hashlib.sha256(content).hexdigest()
        put = await self.bucket.presign_put(key, size_bytes=len(content), sha256=digest)
        async with httpx.AsyncClient() as http:
            answer = await http.put(put.url, content=content, headers=put.headers)
            answer.raise_for_status()
        claimed = content if claims is None else claims
        return await self.announce(artifact_id, key, claimed)

    async def announce(self, artifact_id: Any, key: str, claimed: bytes) -> Artifact:
        now = datetime.now(UTC)
        user = User(
            id=uuid4(),
            email="mia@example.org",
            name="Mia",
            avatar_url=None,
            is_admin=False,
            created_at=now,
        )
        artifact = Artifact(
            id=artifact_id,
            owner_id=user.id,
            filename="a.gcode.3mf",
            size_bytes=len(claimed),
            sha256=hashlib.sha256(claimed).hexdigest(),
            state=ArtifactState.CHECKING,
            incoming_key=key,
            check_attempts=0,
            refusal_code=None,
            refusal=None,
            inspection={},
            created_at=now,
        )
        async with self.sessions() as session, session.begin():
            session.add(user)
            await session.flush()
            session.add(artifact)
        return artifact

    async def check(self, artifact: Artifact) -> Artifact:
        """Check it and return the row as it then is."""
        await self.checker.check(ArtifactId(artifact.id), CorrelationId(uuid4()))
        return await self.row(artifact)

    async def row(self, artifact: Artifact) -> Artifact:
        async with self.sessions() as session:
            return await session.get_one(Artifact, artifact.id)

    async def events(self) -> list[str]:
        async with self.sessions() as session:
            rows = await session.exec(select(Outbox.body).order_by(Outbox.seq))  # type: ignore[arg-type]
            return [parse_event(body).type for body in rows]
