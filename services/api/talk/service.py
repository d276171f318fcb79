"""What people say about a job."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.idempotency import Once
from services.api.jobs.schemas import Owner
from services.api.state import Services
from services.api.talk.schemas import Comment
from services.jobs import commenting, views
from services.jobs.errors import Unknown


class TalkDesk:
    """A person in the talk about a job: its owner, or an approver."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def all(self, job_id: UUID) -> list[Comment]:
        """Return what was said, oldest first."""
        row = await views.find_job(self._services.database, job_id)
        if row is None or not (self._viewer.may_approve or row.owner_id == self._viewer.id):
            raise Unknown("job")
        async with self._services.reads.connect() as connection:
            return [
                Comment.from_said(said) for said in await commenting.comments_of(connection, job_id)
            ]

    async def say(self, once: Once, job_id: UUID, words: str) -> Response:
        """Say something."""
        viewer = self._viewer

        async def act(session: AsyncSession) -> Comment:
            now = self._services.clock.now()
            row = await commenting.comment(session, viewer, job_id, words, now)
            author = Owner(id=viewer.id, name=viewer.name, avatar_url=viewer.avatar_url)
            return Comment(id=row.id, author=author, text=row.text, created_at=row.created_at)

        return await once.run(act, status=201)


async def _desk(services: ServicesDep, viewer: Viewer) -> TalkDesk:
    return TalkDesk(services, viewer)


TalkDeskDep = Annotated[TalkDesk, Depends(_desk)]
