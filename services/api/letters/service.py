"""What an admin does with dead letters."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends

from services.api.dependencies import Person, ServicesDep, Viewer
from services.api.letters.schemas import Letter, Letters
from services.api.state import Services
from services.jobs import letters

PAGE: Final = 100


class LetterDesk:
    """An admin at work on dead letters."""

    def __init__(self, services: Services, viewer: Person) -> None:
        self._services, self._viewer = services, viewer

    async def open(self) -> Letters:
        """Return the newest letters that nobody has settled."""
        async with self._services.sessions() as session:
            rows, total = await letters.open_letters(session, PAGE)
        return Letters(letters=[Letter.from_row(row) for row in rows], total=total)

    async def get(self, letter_id: UUID) -> Letter:
        """Return one letter, settled or not."""
        async with self._services.sessions() as session:
            return Letter.from_row(await letters.find(session, letter_id))

    async def replay(self, letter_id: UUID) -> Letter:
        """Have the projector take it again."""
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            row = await letters.ask_replay(session, self._viewer, letter_id, now)
            return Letter.from_row(row)

    async def drop(self, letter_id: UUID) -> Letter:
        """Settle it without its effect."""
        now = self._services.clock.now()
        async with self._services.sessions() as session, session.begin():
            return Letter.from_row(await letters.drop(session, self._viewer, letter_id, now))


async def _desk(services: ServicesDep, viewer: Viewer) -> LetterDesk:
    return LetterDesk(services, viewer)


LetterDeskDep = Annotated[LetterDesk, Depends(_desk)]
