"""Putting the edge process together: journal, link to the broker, one worker per printer."""

import asyncio
from dataclasses import dataclass, replace

import structlog

from contracts.commands import Command
from contracts.ids import PrinterId, printer_id_of
from edge.bambu.printer import Address, BambuPrinter
from edge.bambu.watchdog import DOUBT_EVERY_S
from edge.broker_link import BrokerLink, LinkHooks
from edge.download import ArtifactCache
from edge.enrol.files import NodeFiles
from edge.enrol.renewing import Renewing
from edge.journal.journal import NodeJournal
from edge.printer_worker import PrinterWorker
from edge.settings import EdgeSettings, PrinterSettings
from edge.starting import StartLock
from edge.timing import Timing
from edge.tools import Tools
from edge.view import PrinterView
from runtime.clock import Clock
from runtime.health import health_server
from runtime.tasks import Tasks, end

log = structlog.get_logger()


@dataclass(frozen=True)
class Node:
    """Everything that runs in the process."""

    journal: NodeJournal
    link: BrokerLink
    printers: tuple[BambuPrinter, ...]
    workers: dict[PrinterId, PrinterWorker]

    def ring(self) -> None:
        """Wake every printer for a claim."""
        for worker in self.workers.values():
            worker.ring()

    def watch(self, printer_id: PrinterId) -> None:
        """Show what a printer's camera sees; another node's printer is none of ours."""
        worker = self.workers.get(printer_id)
        if worker is not None:
            worker.watch()

    def take_command(self, command: Command) -> None:
        """Write a command down and wake its printer; one for no printer of ours is refused."""
        if not self.journal.commands.receive(command):
            return
        worker = self.workers.get(command.printer_id)
        if worker is None:
            self.journal.commands.refuse(
                command, "unknown_printer", "This node doesn't serve that printer."
            )
        else:
            worker.wake()


async def run_edge(
    settings: EdgeSettings,
    printers: tuple[PrinterSettings, ...],
    clock: Clock,
    stop: asyncio.Event,
) -> None:
    """Run the node until `stop` is set. A print in progress goes on by itself meanwhile.

    Raises JournalInUse when another process has the journal.
    """
    journal = NodeJournal(settings.edge_data, settings.node, clock)
    try:
        node = _compose(settings, printers, clock, journal)
        hooks = LinkHooks(
            on_up=node.ring, on_bell=node.ring, on_command=node.take_command, on_watched=node.watch
        )
        journal.on_fact(node.link.wake_publisher)
        checks = {
            "broker": lambda: _check_broker(node.link),
            "journal": lambda: _check_journal(journal),
        }
        async with health_server(settings, checks), Tasks() as group:
            group.create_task(node.link.run(hooks))
            _keep_credentials(group, settings, clock, node.link)
            for worker in node.workers.values():
                group.create_task(worker.run())
            await stop.wait()
            # The tasks of libraries too.
            await end(asyncio.all_tasks() - {asyncio.current_task()})
        for printer in node.printers:
            printer.close()
    finally:
        journal.close()


def _keep_credentials(group: Tasks, settings: EdgeSettings, clock: Clock, link: BrokerLink) -> None:
    """Have an enrolled node renew its own credentials; given ones are left alone."""
    files = NodeFiles(settings.edge_data)
    if settings.api_url is None or settings.nats_creds != files.creds:
        return
    renewing = Renewing(files, settings.api_url, clock, link.reload_credentials)
    link.on_refused(renewing.broker_refused)
    group.create_task(renewing.run())


def _compose(
    settings: EdgeSettings,
    printers: tuple[PrinterSettings, ...],
    clock: Clock,
    journal: NodeJournal,
) -> Node:
    timing = replace(Timing(), observe_s=settings.observe_s).scaled(settings.time_scale)
    downloads = ArtifactCache(settings.edge_data / "artifacts")
    link = BrokerLink(
        url=settings.nats_url,
        creds=settings.nats_creds,
        node=settings.node,
        facts=journal,
        clock=clock,
    )
    adapters = tuple(
        BambuPrinter(
            _address(printer),
            folder=settings.edge_data,
            clock=clock,
            fresh_report_s=timing.fresh_report_s,
            doubt_every_s=DOUBT_EVERY_S / settings.time_scale,
        )
        for printer in printers
    )
    workers = {}
    for adapter in adapters:
        printer_id = printer_id_of(adapter.serial)
        tools = Tools(
            printer_id=printer_id,
            printer=adapter,
            view=PrinterView(),
            journal=journal,
            dispatch=link,
            downloads=downloads,
            clock=clock,
            timing=timing,
            start_lock=StartLock(settings.edge_data),
        )
        workers[printer_id] = PrinterWorker(tools)
    open_runs = [journal.runs.unresolved(printer_id) for printer_id in workers]
    downloads.sweep(frozenset(run.offer.artifact.sha256 for run in open_runs if run is not None))
    return Node(journal, link, adapters, workers)


def _address(printer: PrinterSettings) -> Address:
    return Address(
        name=printer.name,
        serial=printer.serial,
        host=printer.ip,
        access_code=printer.access_code.get_secret_value(),
        mqtt_port=printer.mqtt_port,
        ftps_port=printer.ftps_port,
        camera_port=printer.camera_port,
        ca_file=printer.ca_file,
    )


async def _check_journal(journal: NodeJournal) -> None:
    with journal.transaction():
        pass  # raises when the disk takes no writes


async def _check_broker(link: BrokerLink) -> None:
    if not link.is_up:
        raise ConnectionError("the link to the broker is down")
