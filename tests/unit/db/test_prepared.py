"""Questions as text and arguments."""

import pytest
from sqlalchemy import String, column, select, table

from services.db.prepared import Prepared, slot

_THING = table("thing", column("name", String), column("kind", String))
_QUESTION = Prepared(
    select(_THING.c.name).where(
        _THING.c.kind.in_(["a", "b"]), _THING.c.name == slot("name", String())
    )
)


def test_values_stand_where_the_text_has_their_places() -> None:
    arguments = _QUESTION.arguments({"name": "x"})
    assert sorted(map(str, arguments)) == ["a", "b", "x"]
    for number, argument in enumerate(arguments, start=1):
        before = _QUESTION.sql.split(f"${number}:")[0]
        assert ("kind IN" in before.rsplit("AND", 1)[-1]) == (argument != "x")


def test_a_value_that_is_not_given_is_no_null() -> None:
    with pytest.raises(KeyError, match="name"):
        _QUESTION.arguments({})
