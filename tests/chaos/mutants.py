"""Mechanisms that a process can be made to lack, to see whether the oracle notices.

Each function takes one mechanism out of the process that it is applied in, by `launch`, before the
process's own code runs. The product has no switch for any of them.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable
from importlib import import_module
from typing import Any

import nats.errors

LATEST_S = 0.15


def apply(name: str) -> None:
    """Take one mechanism out of this process."""
    MUTANTS[name]()


def start_before_intent() -> None:
    """INTENT is written after the order to start, not before it."""
    runs = _class("edge.journal.runs:RunTable")
    printer = _class("edge.bambu.printer:BambuPrinter")
    orders = _module("edge.printer")
    intend, send, waiting = runs.intend, printer.send, []

    def put_off(self: Any, *args: Any) -> Any:
        waiting.append((self, args))
        return self.get(args[0])

    async def send_first(self: Any, order: Any) -> Any:
        try:
            return await send(self, order)
        finally:
            while isinstance(order, orders.Start) and waiting:
                table, args = waiting.pop()
                intend(table, *args)

    runs.intend, printer.send = put_off, send_first


def send_start_again() -> None:
    """After a restart a start that nobody saw is sent once more."""
    worker = _class("edge.run_worker:RunWorker")
    orders = _module("edge.printer")
    observe, sent = worker._observe, set()

    async def insist(self: Any, run: Any) -> None:
        if self._resumed_at is not None and self._view.report and run.run_id not in sent:
            sent.add(run.run_id)
            spec, identity = run.offer.spec, run.identity
            await self._tools.printer.send(
                orders.Start(
                    sid=run.offer.sid,
                    name=identity.name,
                    file_name=identity.file_name,
                    gcode_path=spec.gcode_path,
                    use_ams=spec.use_ams,
                    ams_mapping=spec.ams_mapping,
                )
            )
        await observe(self, run)

    worker._observe = insist


def take_echo_for_start() -> None:
    """An acknowledgement counts as the start."""
    worker, evidence = _module("edge.run_worker"), _module("edge.evidence")
    judge = worker.judge_start

    def believe(view: Any, timing: Any) -> Any:
        if view.echo is not None and not view.echo.is_failure:
            return evidence.Started()
        return judge(view, timing)

    worker.judge_start = believe


def start_on_any_bed() -> None:
    """The bed always counts as clear."""
    table, beds = _class("edge.journal.printers:PrinterTable"), _module("edge.records")
    states = _module("contracts.lifecycle")
    bed = table.bed

    def clear(self: Any, printer_id: Any) -> Any:
        found = bed(self, printer_id)
        return beds.BedRecord(
            states.BedState.CLEAR, found.bed_seq, found.by_run, found.before_clear
        )

    table.bed = clear


def leave_files() -> None:
    """The printed file stays on the card."""
    cleaner = _class("edge.cleaning:Cleaner")

    async def forget(self: Any, name: str) -> None:
        self._files.forget(self._tools.printer_id, name)

    cleaner._delete = forget


def say_cancelled_at_once() -> None:
    """A wish to cancel is told as done while the printer prints."""
    worker, steps = (
        _class("edge.command_worker:CommandWorker"),
        _module("contracts.lifecycle"),
    )
    cancel = worker._cancel

    def at_once(self: Any, command: Any) -> None:
        cancel(self, command)
        run = self._find_run(command)
        if run is not None:
            self._journal.runs.step(
                run.run_id, steps.RunStep.CANCEL, by=command.by, reason="Somebody said so."
            )

    worker._cancel = at_once


def ignore_bed_number() -> None:
    """A word on the bed counts whichever bed it is about."""
    worker = _class("edge.command_worker:CommandWorker")
    worker._check_bed_seq = lambda self, command: None


def take_any_bytes() -> None:
    """What was downloaded is not compared with what was approved."""
    cache = _class("edge.download:ArtifactCache")

    async def believe(self: Any, artifact: Any, part: Any) -> None:
        return None

    cache._verify = believe


def shuffle_facts() -> None:
    """No mechanism, but bad luck: facts reach the broker in another order."""
    publisher = _class("edge.publisher:FactPublisher")
    send, chance, put_off = publisher._send, random.Random(1), set()

    async def sometime(*args: Any) -> None:
        await asyncio.sleep(chance.uniform(0.0, LATEST_S))
        with contextlib.suppress(nats.errors.Error):  # then its ack is late
            await send(*args)

    async def start(*args: Any) -> None:
        sending = asyncio.create_task(sometime(*args))
        put_off.add(sending)
        sending.add_done_callback(put_off.discard)

    publisher._send = start


def forget_requests() -> None:
    """A request that comes again is carried out again."""
    once = _class("services.api.idempotency:Once")

    async def never_seen(self: Any, transaction: Any) -> bool:
        self._key = None
        return True

    once._take_key = never_seen


def mark_before_puback() -> None:
    """The outbox is marked before the broker has the message."""
    publishing = _module("services.relay.publishing")
    publisher = publishing.Publisher
    publish = publisher._publish

    async def mark_first(self: Any, messages: Any) -> Any:
        await publishing.mark_published(self._connection, [message.id for message in messages])
        return await publish(self, messages)

    publisher._publish = mark_first


def ack_before_commit() -> None:
    """Messages are acked before their effect is on the disk."""
    consuming = _module("services.projector.consuming")
    take = consuming.Consumption.take

    async def ack_first(self: Any, messages: Any) -> None:
        for message in messages:
            await message.ack_sync()
            message.ack = message.nak = _nothing
        await take(self, messages)

    consuming.Consumption.take = ack_first


def fold_out_of_order() -> None:
    """Facts are folded as they come, not in their journal's order."""
    projecting = _module("services.projector.projecting")
    in_order = projecting._items_in_order

    async def as_they_come(batch: Any, new: Any, marks: Any, gseqs: Any) -> Any:
        await in_order(batch, new, marks, gseqs)
        return [
            projecting.Item(entry.message, entry.event, batch.now, gseqs[entry.event_id])
            for entry in new
            if entry.journal_id is not None and entry.event is not None
        ]

    projecting._items_in_order = as_they_come


async def _nothing(**_: Any) -> None:
    return None


def _module(name: str) -> Any:
    return import_module(name)


def _class(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(_module(module), name)


BAD_LUCK = ("shuffle_facts",)
"""What no mechanism is, and what a node always suffers here."""
MUTANTS: dict[str, Callable[[], None]] = {
    function.__name__: function
    for function in (
        start_before_intent,
        send_start_again,
        take_echo_for_start,
        start_on_any_bed,
        ignore_bed_number,
        leave_files,
        say_cancelled_at_once,
        take_any_bytes,
        shuffle_facts,
        forget_requests,
        mark_before_puback,
        ack_before_commit,
        fold_out_of_order,
    )
}
