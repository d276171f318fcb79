"""What people choose to be told, and where admins have it go."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends
from sqlmodel import col, select

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.errors import ApiError
from services.api.notices.schemas import (
    AddedTarget,
    Delivery,
    Following,
    NewNoticeTarget,
    NoticeChoices,
    NoticeTargetChange,
    NoticeWay,
    NoticeWishes,
    Target,
    Targets,
)
from services.api.state import Services
from services.db.channels import NOTICES
from services.db.news import tell
from services.db.tables.notices import NoticeDelivery
from services.db.tables.work import Job
from services.jobs.errors import Conflict, Unknown
from services.notices import choices, targets
from services.notices.addresses import AddressRefused, must_be_webhook
from services.notices.kinds import Form, Language, NoticeKind
from services.notices.sealing import Sealer

SHOWN: Final = 50
_TEST: Final = {
    Language.EN: ("A test from Layerline", "Notices reach you here."),
    Language.DE: ("Ein Test von Layerline", "Benachrichtigungen kommen hier an."),
}


class NoticeDesk:
    """What a person can do with notices."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def choices(self) -> NoticeChoices:
        """Return the person's choices."""
        async with self._services.sessions() as session:
            ways = await choices.ways_of(session, self._viewer.id)
            language = await choices.language_of(session, self._viewer.id)
        return NoticeChoices(language=language, ways=[NoticeWay.from_way(way) for way in ways])

    async def choose(self, body: NoticeWishes) -> NoticeChoices:
        """Replace the choices of the ways that are named."""
        wished = {way.id: way.kinds for way in body.ways}
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            await choices.choose(session, self._viewer, body.language, wished, now)
        return await self.choices()

    async def following(self, job_id: UUID) -> Following:
        """Return whether the person follows a job that they may see."""
        await self._must_see(job_id)
        async with self._services.sessions() as session:
            follows = await choices.is_following(session, self._viewer.id, job_id)
        return Following(follows=follows)

    async def follow(self, job_id: UUID, *, follows: bool) -> Following:
        """Follow a job that the person may see, or not any more."""
        await self._must_see(job_id)
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            await choices.follow(session, self._viewer, job_id, follows=follows, now=now)
        return Following(follows=follows)

    async def targets(self) -> Targets:
        """Return where notices go."""
        async with self._services.sessions() as session:
            known = await targets.known_targets(session)
        is_possible = Sealer.of(self._services.settings) is not None
        return Targets(is_possible=is_possible, targets=[Target.from_row(row) for row in known])

    async def add(self, body: NewNoticeTarget) -> AddedTarget:
        """Add a target; refused when its address leads where notices may not go."""
        sealer = Sealer.of(self._services.settings)
        if sealer is None:
            raise Conflict(
                "no-secrets-key",
                "Notices can't leave yet: whoever runs Layerline has to set LAYERLINE_SECRETS_KEY.",
            )
        if body.form is Form.WEBHOOK:
            await self._must_lead_out(body.address)
        new = targets.NewTarget(body.form, body.name, body.address, body.kinds)
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            row, key = await targets.add(session, self._viewer, new, sealer, now)
        return AddedTarget(target=Target.from_row(row), key=key)

    async def change(self, target_id: UUID, body: NoticeTargetChange) -> Target:
        """Change what a target is told."""
        async with self._services.sessions() as session, session.begin():
            row = await targets.change(
                session,
                self._viewer,
                target_id,
                kinds=body.kinds,
                is_enabled=body.is_enabled,
                now=self._services.clock.now(),
            )
        return Target.from_row(row)

    async def remove(self, target_id: UUID) -> None:
        """Remove a target."""
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            await targets.remove(session, self._viewer, target_id, now)

    async def try_out(self, target_id: UUID) -> Delivery:
        """Have a test sent."""
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            title, words = _TEST[await choices.language_of(session, self._viewer.id)]
            content: dict[str, object] = {
                "title": title,
                "text": f"{words}\n{self._services.settings.public_url}",
                "type": f"notice.{NoticeKind.TEST}",
                "at": now.isoformat(),
                "data": {"url": self._services.settings.public_url},
            }
            row = await targets.try_out(session, self._viewer, target_id, content, now)
            await session.flush()
            await tell(session, NOTICES)
        return Delivery.from_row(row)

    async def deliveries(self, target_id: UUID) -> list[Delivery]:
        """Return the latest deliveries to a target."""
        async with self._services.sessions() as session:
            await targets.known_target(session, target_id)
            latest = select(NoticeDelivery).where(col(NoticeDelivery.target_id) == target_id)
            newest_first = latest.order_by(col(NoticeDelivery.created_at).desc())
            rows = await session.exec(newest_first.limit(SHOWN))
            return [Delivery.from_row(row) for row in rows]

    async def _must_see(self, job_id: UUID) -> None:
        async with self._services.sessions() as session:
            job = await session.get(Job, job_id)
        if job is None or (job.owner_id != self._viewer.id and not self._viewer.may_approve):
            raise Unknown("job")

    async def _must_lead_out(self, url: str) -> None:
        try:
            await must_be_webhook(url, allow_private=self._services.settings.notify_private)
        except AddressRefused as exc:
            raise ApiError(422, "address-refused", f"Correct the address: {exc}.") from exc


async def _desk(services: ServicesDep, viewer: Viewer) -> NoticeDesk:
    return NoticeDesk(services, viewer)


NoticeDeskDep = Annotated[NoticeDesk, Depends(_desk)]
