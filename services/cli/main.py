"""`layerline ...`: runs the services, makes the schema and the broker's set-up, names admins."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from services.cli.arguments import serial_and_name
from services.cli.failure import CliError, explain_settings

MAX_EVENTS = 100_000
EXIT_USAGE = 2

_COMMANDS: dict[str, tuple[str, str]] = {
    "api": ("services.api.main:run", "serve the HTTP API and the web app"),
    "dispatch": ("services.dispatch.main:run", "answer the nodes' claims"),
    "relay": ("services.relay.main:run", "publish the outbox"),
    "projector": ("services.projector.main:run", "fold events into the read model"),
    "warden": ("services.provision.warden:run", "keep the broker's admissions up to date"),
    "inspector": ("services.inspector.main:run", "check uploaded files"),
    "notify": ("services.notify.main:run", "tell people and webhooks what happened"),
    "migrate": ("services.cli.setup:migrate", "bring the database's schema up to date"),
    "provision": ("services.cli.setup:provision", "make streams, consumers, keys and the bucket"),
    "release": ("services.cli.setup:release", "migrate, then provision: once for every release"),
    "status": ("services.cli.status:show_status", "show how things stand, on one screen"),
    "openapi": ("services.cli.documents:openapi", "print the OpenAPI document"),
    "asyncapi": ("services.cli.documents:asyncapi", "print the AsyncAPI document"),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; exit 0, or 2 with a sentence on standard error."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough (`| head`); nothing is left to say at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except ValidationError as exc:
        _fail(explain_settings(exc))
    except CliError as exc:
        _fail(str(exc))


def _fail(sentence: str) -> None:
    print(f"layerline: {sentence}", file=sys.stderr)
    sys.exit(EXIT_USAGE)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="layerline", description="Share Bambu Lab printers: submit, approve, print, watch."
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, (target, summary) in _COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        command.set_defaults(run=_runner(target))
    _add_inspect(commands)
    _add_admin(commands)
    _add_registry(commands)
    _add_events(commands)
    _add_backup(commands)
    _add_storage(commands)
    _add_handout(commands)
    _add_rebuild(commands)
    _add_letters(commands)
    return parser


def _runner(target: str) -> Callable[[argparse.Namespace], None]:
    """Return a command that imports its room only when it is run: a relay needs no FastAPI."""

    def run(_: argparse.Namespace) -> None:
        module, name = target.split(":")
        getattr(import_module(module), name)()

    return run


def _with_options(target: str) -> Callable[[argparse.Namespace], None]:
    def run(options: argparse.Namespace) -> None:
        module, name = target.split(":")
        getattr(import_module(module), name)(options)

    return run


def _add_inspect(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "inspect", help="show what is in a .3mf, and what is wrong with it"
    )
    command.add_argument("file", type=Path)
    command.add_argument("--json", action="store_true", help="all of it, for programs")
    command.set_defaults(run=_with_options("services.cli.inspecting:inspect_file"))


def _add_admin(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    admin = commands.add_parser("admin", help="say who is an admin")
    actions = admin.add_subparsers(required=True, metavar="action")
    for verb, summary in (("grant", "give a person a role"), ("revoke", "take it back")):
        action = actions.add_parser(verb, help=summary)
        action.add_argument("email")
        if verb == "grant":
            action.add_argument("--role", choices=("approver", "admin"), default="admin")
        action.set_defaults(run=_with_options(f"services.cli.people:{verb}"))
    for verb, target, summary in (
        ("list", "list_admins", "list admins and approvers"),
        ("code", "make_code", "print a code for the first admin"),
        ("permissions", "permissions", "print who may call what"),
    ):
        action = actions.add_parser(verb, help=summary)
        action.set_defaults(run=_runner(f"services.cli.people:{target}"))


def _add_registry(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    node = commands.add_parser("node", help="nodes beside the printers")
    node_actions = node.add_subparsers(required=True, metavar="action")
    add_node = node_actions.add_parser("add", help="make a node and print its one-time code")
    add_node.add_argument("name", help="a-z, 0-9 and '-'")
    add_node.add_argument("--title", help="what people call it")
    add_node.add_argument(
        "--printers", nargs="+", default=[], type=serial_and_name, metavar="SERIAL[=NAME]"
    )
    add_node.add_argument("--queue", default="main", help="the printers' queue")
    add_node.add_argument("--creds", help="write credentials to this file instead of a code")
    add_node.set_defaults(run=_with_options("services.cli.machines:add_node"))
    for verb, target, summary in (
        ("code", "make_code", "print a new one-time code"),
        ("revoke", "revoke_node", "put a node out, within seconds"),
    ):
        action = node_actions.add_parser(verb, help=summary)
        action.add_argument("name")
        action.set_defaults(run=_with_options(f"services.cli.machines:{target}"))
    listing = node_actions.add_parser("list", help="list the nodes")
    listing.set_defaults(run=_runner("services.cli.machines:list_nodes"))

    printer = commands.add_parser("printer", help="printers and the queues that they serve")
    printer_actions = printer.add_subparsers(required=True, metavar="action")
    add = printer_actions.add_parser("add", help="put a printer into a queue")
    add.add_argument("serial")
    add.add_argument("--name", required=True)
    add.add_argument("--node", required=True)
    add.add_argument("--queue", default="main")
    add.set_defaults(run=_with_options("services.cli.machines:add_printer"))


def _add_events(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("events", help="show what happened, in its order")
    of = command.add_mutually_exclusive_group()
    of.add_argument("--job", type=UUID, metavar="ID", help="only of this job")
    of.add_argument("--printer", type=UUID, metavar="ID", help="only of this printer")
    command.add_argument(
        "--last", type=_positive, default=1000, metavar="N", help="at most so many, the newest"
    )
    command.add_argument("--json", action="store_true", help="one object a line, for programs")
    command.set_defaults(run=_with_options("services.cli.history:show_events"))


def _add_handout(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    summary = "make every key and secret, and write each process's own into a folder"
    handout = commands.add_parser("handout", help=summary, description=summary)
    handout.add_argument("folder", type=Path, help="gets one folder per process")
    handout.add_argument("--database-host", default="postgres", help="where Postgres will be")
    handout.set_defaults(run=_with_options("services.cli.setup:hand_out"))


def _add_storage(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    storage = commands.add_parser("storage", help="the S3 service")
    actions = storage.add_subparsers(required=True, metavar="action")
    check = actions.add_parser("check", help="try out whether it does what Layerline needs")
    check.add_argument("--endpoint", metavar="URL", help="instead of LAYERLINE_S3_ENDPOINT")
    check.add_argument("--bucket", metavar="NAME", help="instead of LAYERLINE_S3_BUCKET")
    check.add_argument("--json", action="store_true", help="for programs")
    check.set_defaults(run=_with_options("services.cli.storage:check"))


def _add_rebuild(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    summary = "make the read model again from the log, compare, and put it in place"
    command = commands.add_parser("rebuild", help=summary, description=summary)
    command.add_argument(
        "--check", action="store_true", help="only compare; end with 1 when they differ"
    )
    command.set_defaults(run=_with_options("services.cli.rebuilding:rebuild"))


def _add_letters(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser("dead-letters", help="messages that could not be read or folded")
    actions = command.add_subparsers(required=True, metavar="action")
    listing = actions.add_parser("list", help="list those that nobody has settled")
    listing.set_defaults(run=_runner("services.cli.letters:list_letters"))
    show = actions.add_parser("show", help="show all of one")
    show.add_argument("id", type=UUID)
    show.set_defaults(run=_with_options("services.cli.letters:show"))
    replay = actions.add_parser("replay", help="have the projector take them again")
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("ids", type=UUID, nargs="*", default=[], metavar="ID")
    which.add_argument("--all", action="store_true", help="all that are open")
    replay.set_defaults(run=_with_options("services.cli.letters:replay"))
    drop = actions.add_parser("drop", help="settle them without their effect")
    drop.add_argument("ids", type=UUID, nargs="+", metavar="ID")
    drop.set_defaults(run=_with_options("services.cli.letters:drop"))


def _add_backup(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    making = commands.add_parser("backup", help="put database, keys and settings into one file")
    making.add_argument("file", type=Path)
    making.add_argument("--keys", type=Path, metavar="FOLDER", help="the broker's keys")
    making.add_argument("--recipient", metavar="age1…", help="encrypt it for this key")
    making.set_defaults(run=_with_options("services.cli.backup:backup"))
    bringing = commands.add_parser("restore", help="bring back what is in a backup")
    bringing.add_argument("file", type=Path)
    bringing.add_argument("--keys", type=Path, metavar="FOLDER", help="where the keys go; empty")
    bringing.add_argument("--settings", type=Path, metavar="FILE", help="where the settings go")
    bringing.add_argument("--identity", type=Path, metavar="FILE", help="the key that opens it")
    bringing.set_defaults(run=_with_options("services.cli.backup:restore"))
    key = commands.add_parser("backup-key", help="make a key for backups; print its recipient")
    key.add_argument("file", type=Path)
    key.set_defaults(run=_with_options("services.cli.backup:make_key"))


def _positive(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MAX_EVENTS:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MAX_EVENTS}")
    return int(text)
