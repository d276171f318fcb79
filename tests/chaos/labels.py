"""Where a process can be made to die: before or after a function, named `module:function:point`.

`launch` wraps these functions before the process's own code runs; the product knows nothing of it.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from importlib import import_module
from typing import Any


class Needs(StrEnum):
    """What a trial must do, or must suffer, for its processes to come by a label."""

    NOTHING = "nothing"
    UPLOAD = "upload"
    CANCEL = "cancel"
    PAUSE = "pause"


@dataclass(frozen=True)
class Label:
    """A point beside a function in one kind of process."""

    process: str
    function: str
    """module:function, or module:Class.function."""
    point: str
    needs: Needs = Needs.NOTHING

    @property
    def name(self) -> str:
        """What is written about it: module:function:before|after."""
        return f"{self.function}:{self.point}"


def _points(process: str, function: str, needs: Needs = Needs.NOTHING) -> Iterator[Label]:
    yield Label(process, function, "before", needs)
    yield Label(process, function, "after", needs)


COMMIT = "asyncpg.transaction:Transaction._Transaction__commit"
"""Of every transaction, with a session or without."""
_OF_API = (
    *_points("api", COMMIT),
    *_points("api", "services.jobs.submitting:submit"),
    Label("api", "services.jobs.uploading:announce", "after", Needs.UPLOAD),
    Label("api", "services.jobs.uploading:hand_over", "after", Needs.UPLOAD),
    Label("api", "services.jobs.decisions:decide", "after"),
    Label("api", "services.jobs.cancelling:cancel", "after", Needs.CANCEL),
    Label("api", "services.jobs.commands:say_bed", "after"),
    Label("api", "services.db.outbox:add_command", "after"),
)
_OF_DISPATCH = (
    *_points("dispatch", COMMIT),
    Label("dispatch", "services.jobs.places:place_of", "after"),
    Label("dispatch", "services.jobs.claims:_write", "after"),
    Label("dispatch", "services.dispatch.answers:Answers.claim", "before"),
    Label("dispatch", "services.dispatch.answers:Answers._offer", "before"),
    Label("dispatch", "services.dispatch.answers:Answers._offer", "after"),
    Label("dispatch", "services.jobs.ringing:ring_due", "after"),
)
_OF_RELAY = (
    Label("relay", "services.relay.publishing:Publisher._publish", "before"),
    Label("relay", "services.relay.publishing:Publisher._publish_one", "after"),
    *_points("relay", "services.relay.outbox:mark_published"),
)
_OF_PROJECTOR = (
    Label("projector", "services.projector.consuming:Consumption.take", "before"),
    Label("projector", "services.projector.event_log:insert", "after"),
    Label("projector", "services.projector.event_log:advance", "after"),
    Label("projector", "services.projector.read_model:save_runs", "after"),
    Label("projector", "services.projector.event_log:notify", "after"),
    *_points("projector", "services.projector.consuming:_settle"),
)
_OF_INSPECTOR = (
    Label("inspector", "services.inspector.checking:Checker._begin", "after", Needs.UPLOAD),
    Label("inspector", "services.inspector.checking:Checker._examine", "after", Needs.UPLOAD),
    *_points("inspector", "services.inspector.checking:Checker._finish", Needs.UPLOAD),
)
_OF_EDGE = (
    *_points("edge", "edge.broker_link:BrokerLink.claim"),
    *_points("edge", "edge.journal.runs:RunTable.accept"),
    Label("edge", "edge.preparation:Preparation._fetch", "after"),
    Label("edge", "edge.bambu.printer:BambuPrinter.upload", "before"),
    Label("edge", "edge.bambu.printer:BambuPrinter.upload", "after"),
    Label("edge", "edge.preparation:Preparation._last_check", "after"),
    *_points("edge", "edge.journal.runs:RunTable.intend"),
    *_points("edge", "edge.bambu.printer:BambuPrinter.send"),
    *_points("edge", "edge.journal.runs:RunTable.step"),
    Label("edge", "edge.publisher:FactPublisher._send", "before"),
    Label("edge", "edge.publisher:FactPublisher._take_ack", "after"),
    *_points("edge", "edge.journal.commands:CommandTable.receive"),
    Label("edge", "edge.journal.commands:CommandTable.done", "after"),
    Label("edge", "edge.journal.commands:CommandTable.want_cancel", "after", Needs.CANCEL),
    *_points("edge", "edge.cleaning:Cleaner._delete"),
)
LABELS: tuple[Label, ...] = (
    *_OF_API,
    *_OF_DISPATCH,
    *_OF_RELAY,
    *_OF_PROJECTOR,
    *_OF_INSPECTOR,
    *_OF_EDGE,
)


def labels_of(process: str) -> tuple[Label, ...]:
    """Return the labels that a kind of process has."""
    return tuple(label for label in LABELS if label.process == process)


def find(function: str) -> tuple[Any, str, Callable[..., Any]]:
    """Return the function's owner, its name there, and the function; raise if there is none.

    Only plain functions and coroutines have an after: a generator has not run when it returns.
    """
    module, _, path = function.partition(":")
    *owners, name = path.split(".")
    owner = reduce(getattr, owners, import_module(module))
    found = inspect.getattr_static(owner, name)
    if not inspect.isfunction(found) or inspect.isgeneratorfunction(inspect.unwrap(found)):
        raise TypeError(f"{function} is no plain function")
    return owner, name, found
