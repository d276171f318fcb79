"""Statements as text and arguments."""

import pytest
from sqlalchemy import String, column, insert, select, table, update

from services.db.prepared import Prepared, slot, together

_THING = table("thing", column("name", String), column("kind", String))
_QUESTION = Prepared(
    select(_THING.c.name)
    .where(
        _THING.c.kind.in_(["a", "it's $1"]),
        _THING.c.name == slot("name", String()),
        _THING.c.kind != slot("kind", String()),
    )
    .limit(50)
)
_MADE = Prepared(insert(_THING).inline(), columns=["name", "kind"])
_RENAMED = Prepared(
    update(_THING)
    .values(name=slot("new", String()))
    .where(_THING.c.kind == slot("of", String()), _THING.c.name != "it's $1")
)


def test_values_stand_where_the_text_has_their_places() -> None:
    assert _QUESTION.arguments({"kind": "k", "name": "n", "more": 1}) == ["n", "k"]
    assert "thing.name = $1" in _QUESTION.sql
    assert "thing.kind != $2" in _QUESTION.sql


def test_what_never_changes_stands_in_the_text() -> None:
    assert "IN ('a', 'it''s $1')" in _QUESTION.sql
    assert _QUESTION.sql.endswith("LIMIT 50")


def test_a_value_that_is_not_given_is_no_null() -> None:
    with pytest.raises(KeyError, match="name"):
        _QUESTION.arguments({"kind": "k"})


def test_changes_together_have_places_of_their_own() -> None:
    text = together((_MADE, _RENAMED))
    made, renamed = text.split(") UPDATE ")
    assert made.startswith("WITH change_0 AS (INSERT INTO thing")
    assert ("$1" in made, "$2" in made, "$3" in made) == (True, True, False)
    assert ("$2" in renamed, "$3" in renamed, "$4" in renamed) == (False, True, True)
    assert renamed.endswith("'it''s $1'")


def test_one_change_alone_is_as_it_is() -> None:
    assert together((_MADE,)) == _MADE.sql
