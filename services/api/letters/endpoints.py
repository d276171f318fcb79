"""Messages that could not be read or folded: for admins."""

from uuid import UUID

from fastapi import APIRouter

from services.api.letters.schemas import Letter, Letters
from services.api.letters.service import LetterDeskDep
from services.api.problems import problems

router = APIRouter(tags=["dead letters"])

_LETTER = problems(403, 404, 409)


@router.get("/dead-letters", operation_id="list_dead_letters", responses=problems(403))
async def list_dead_letters(desk: LetterDeskDep) -> Letters:
    """Those that nobody has settled, the newest first."""
    return await desk.open()


@router.get(
    "/dead-letters/{letter_id}", operation_id="get_dead_letter", responses=problems(403, 404)
)
async def get_dead_letter(letter_id: UUID, desk: LetterDeskDep) -> Letter:
    """One of them, also once it is settled."""
    return await desk.get(letter_id)


@router.post(
    "/dead-letters/{letter_id}/replay",
    operation_id="replay_dead_letter",
    status_code=202,
    responses=_LETTER,
)
async def replay_dead_letter(letter_id: UUID, desk: LetterDeskDep) -> Letter:
    """Have the projector take it again; `is_replaying` until it has answered."""
    return await desk.replay(letter_id)


@router.post("/dead-letters/{letter_id}/drop", operation_id="drop_dead_letter", responses=_LETTER)
async def drop_dead_letter(letter_id: UUID, desk: LetterDeskDep) -> Letter:
    """Settle it without its effect; it is kept."""
    return await desk.drop(letter_id)
