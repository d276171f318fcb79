"""The fold of a printer of which several nodes speak: only its holder is heard, in any order."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from contracts.events import (
    AnyEvent,
    PrinterAnnounced,
    PrinterBedChanged,
    PrinterOffline,
    PrinterOnline,
)
from services.projector.printer_projection import PrinterView
from services.projector.projection import Waits
from services.projector.rebuilding import Logged, fold_log
from tests.builders.events import given_event
from tests.builders.facts import START, NodeJournal
from tests.builders.rows import LOADED

PRINTER = UUID("5f0f5c0c-8f2e-4b55-8d0c-000000000a01")
FIRST, SECOND = "first", "second"


def said(journal: NodeJournal, bed_seq: int = 3) -> list[AnyEvent]:
    """Return what a node says of a printer that it has found."""
    announced = {"serial": "01S", "name": journal.node, "firmware": None, "loaded": LOADED}
    return [
        journal.fact(PrinterAnnounced, PRINTER, **announced),
        journal.fact(PrinterOnline, PRINTER),
        journal.fact(
            PrinterBedChanged,
            PRINTER,
            bed="clear",
            bed_seq=bed_seq,
            by_run=None,
            by_user=None,
            reason="seen",
        ),
        journal.fact(PrinterOffline, PRINTER, reason="it is away"),
    ]


def row_of(log: Iterable[AnyEvent]) -> PrinterView | None:
    """Return the printer's row as the log alone gives it."""
    rows = [
        Logged(
            getattr(event, "journal_id", None),
            getattr(event, "node_seq", None),
            START + timedelta(hours=1),
            event,
            getattr(event, "node", None),
        )
        for event in log
    ]
    return fold_log(rows, {}, Waits()).printers.get(PRINTER)


@given(data=st.data())
def test_I14_holder_alone_makes_the_row_in_any_order(data: st.DataObject) -> None:
    first, second = said(NodeJournal(FIRST), bed_seq=9), said(NodeJournal(SECOND))
    gifts = [given_event(PRINTER, node, epoch) for epoch, node in enumerate((FIRST, SECOND), 1)]
    copies = data.draw(st.lists(st.sampled_from([*first, *second, *gifts]), max_size=4))
    shuffled = data.draw(st.permutations([*first, *second, *gifts, *copies]))
    assert row_of(shuffled) == row_of(second)


@given(data=st.data())
def test_printer_that_comes_back_is_as_its_node_says_again(data: st.DataObject) -> None:
    first, second = said(NodeJournal(FIRST)), said(NodeJournal(SECOND))
    nodes = (FIRST, SECOND, FIRST)
    gifts = [given_event(PRINTER, node, epoch) for epoch, node in enumerate(nodes, 1)]
    assert row_of(data.draw(st.permutations([*first, *second, *gifts]))) == row_of(first)


def test_holder_that_said_nothing_yet_is_not_spoken_for() -> None:
    facts = said(NodeJournal(FIRST))
    assert row_of([given_event(PRINTER, SECOND, 2), *facts]) is None
    assert row_of([*facts, given_event(PRINTER, SECOND, 2)]) is None


def test_before_the_log_knows_a_holder_the_last_word_counts() -> None:
    first, second = said(NodeJournal(FIRST)), said(NodeJournal(SECOND))
    assert row_of([*first, *second]) == row_of(second)
    assert row_of([*first, *second[:2], first[0]]) == row_of(second[:2])


def test_of_the_holders_journals_the_one_counts_that_spoke_last() -> None:
    old, new, strange = NodeJournal(FIRST), NodeJournal(FIRST), NodeJournal(SECOND)
    log = [*said(old), given_event(PRINTER, FIRST, 1), *said(new), *said(strange)]
    row = row_of(log)
    assert row is not None
    assert row.journal_id == new.journal_id
