"""Statements as text, made once: written with SQLAlchemy, run over bare asyncpg."""

import re
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BindParameter,
    Insert,
    TextClause,
    Update,
    bindparam,
    inspect,
)
from sqlalchemy import insert as insert_into
from sqlalchemy.dialects.postgresql import asyncpg as driver
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import ExecutableReturnsRows
from sqlalchemy.types import TypeEngine
from sqlmodel import SQLModel

Statement = ExecutableReturnsRows | Insert | Update | TextClause
_DIALECT = driver.dialect()  # type: ignore[no-untyped-call]
_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|\$(?P<place>\d+)")
"""Or a word in quotes, in which there is none."""


class Prepared:
    """A statement as text; asyncpg keeps it prepared on each connection."""

    def __init__(self, statement: Statement, *, columns: Sequence[str] = ()) -> None:
        """`columns`: which of its table's an insert fills, with values of these names."""
        self.statement: Final = statement
        compiled = visitors.cloned_traverse(statement, {}, {"bindparam": _into_the_text}).compile(
            dialect=_DIALECT,
            column_keys=list(columns) or None,
            compile_kwargs={"render_postcompile": True},
        )
        self.sql: Final = str(compiled)
        self._names: Sequence[str] = compiled.positiontup or ()

    def arguments(self, values: Mapping[str, object]) -> list[object]:
        """Return the values in the order of the placeholders; raise KeyError for one not given."""
        return [values[name] for name in self._names]

    def after(self, taken: int) -> str:
        """Return the statement as text for where so many placeholders are taken already."""

        def moved(found: re.Match[str]) -> str:
            place = found["place"]
            return found[0] if place is None else f"${int(place) + taken}"

        return _PLACEHOLDER.sub(moved, self.sql)

    @property
    def places(self) -> int:
        """How many placeholders it has."""
        return len(self._names)

    def named(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return those that fill its slots; raise KeyError for one not given."""
        return {name: values[name] for name in self._names}


@lru_cache(maxsize=256)
def together(changes: tuple[Prepared, ...]) -> str:
    """Return changes as one statement, whose count of rows is the last one's.

    They don't see each other, and none may change a row that another changes.
    """
    texts, taken = [], 0
    for change in changes:
        texts.append(change.after(taken))
        taken += change.places
    *first, last = texts
    names = ", ".join(f"change_{n} AS ({text})" for n, text in enumerate(first))
    return f"WITH {names} {last}" if names else last


def insertion(
    table: type[SQLModel], *, only: Sequence[str] = (), but: Container[str] = ()
) -> Prepared:
    """Return the insert of a row: its values bear the names of the columns.

    All of them, or `only` these, `but` those: the database fills the others in.
    """
    names = only or [column.key for column in inspect(table).columns]
    # Inline: the row is not read back for what the database has filled in.
    insert = insert_into(table).inline()
    return Prepared(insert, columns=[name for name in names if name not in but])


def _into_the_text(bind: BindParameter[Any]) -> None:
    """Have a value that is always the same stand in the text: it is no slot.

    Of one that it is only told with each question, a LIMIT say, Postgres may make a new plan each
    time, which takes longer than the statement.
    """
    if bind.unique:
        bind.literal_execute = True


def slot(name: str, kind: TypeEngine[Any]) -> BindParameter[Any]:
    """Return the place in a statement that a value of this name fills."""
    return bindparam(name, None, type_=kind, required=False)
