"""Dead letters for admins: seen, replayed, dropped."""

from uuid import uuid4

import pytest
from sqlmodel import col, select

from services.db.tables.bus import DeadLetter
from services.db.tables.people import Audit
from tests.integration.api.people import Someone, World, now
from tests.integration.api.rows import dead_letter


@pytest.fixture
async def ada(world: World) -> Someone:
    return await world.someone(is_admin=True, name="Ada Admin")


async def test_open_ones_are_listed_and_shown_whole(world: World, ada: Someone) -> None:
    mine = dead_letter(body=b"\xff\x00 not json", count=3)
    settled = dead_letter(resolution="dropped", resolved_at=now())
    await world.add(mine, settled)
    listed = await ada.get("/api/dead-letters")
    ids = [letter["id"] for letter in listed["letters"]]
    assert str(mine.id) in ids
    assert str(settled.id) not in ids
    assert listed["total"] >= len(ids)
    seen = await ada.get(f"/api/dead-letters/{mine.id}")
    assert (seen["body"], seen["count"], seen["resolution"]) == ("\\xff\x00 not json", 3, None)
    gone = await ada.get(f"/api/dead-letters/{settled.id}")
    assert gone["resolution"] == "dropped"
    assert (await ada.http.get(f"/api/dead-letters/{uuid4()}")).status_code == 404


async def test_replay_is_asked_of_the_projector_once(world: World, ada: Someone) -> None:
    letter = dead_letter()
    await world.add(letter)
    for _ in range(2):
        answer = await ada.post(f"/api/dead-letters/{letter.id}/replay")
        assert answer["is_replaying"]
    row = await world.row(DeadLetter, letter.id)
    assert row.replay_asked_by == ada.id
    trail = select(Audit.action).where(col(Audit.thing_id) == str(letter.id))
    assert await world.select(trail) == ["letter.replay"]


async def test_dropped_one_is_kept_and_closed(world: World, ada: Someone) -> None:
    letter = dead_letter()
    await world.add(letter)
    answer = await ada.post(f"/api/dead-letters/{letter.id}/drop")
    assert answer["resolution"] == "dropped"
    row = await world.row(DeadLetter, letter.id)
    assert (row.resolved_by, row.body) == (ada.id, letter.body)
    for word in ("drop", "replay"):
        again = await ada.refused(f"/api/dead-letters/{letter.id}/{word}")
        assert (again["status"], again["type"]) == (409, "/problems/letter-settled")
