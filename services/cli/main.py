"""`layerline ...`: runs the services, makes the schema and the broker's set-up, names admins."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from pydantic import ValidationError

from services.cli.arguments import serial_and_name
from services.cli.failure import CliError, explain_settings

EXIT_USAGE = 2

_COMMANDS: dict[str, tuple[str, str]] = {
    "api": ("services.api.main:run", "serve the HTTP API and the web app"),
    "dispatch": ("services.dispatch.main:run", "answer the nodes' claims"),
    "relay": ("services.relay.main:run", "publish the outbox"),
    "projector": ("services.projector.main:run", "fold events into the read model"),
    "warden": ("services.provision.warden:run", "keep the broker's admissions up to date"),
    "inspector": ("services.inspector.main:run", "check uploaded files"),
    "migrate": ("services.cli.setup:migrate", "bring the database's schema up to date"),
    "provision": ("services.cli.setup:provision", "make streams, consumers, keys and the bucket"),
    "openapi": ("services.cli.documents:openapi", "print the OpenAPI document"),
    "asyncapi": ("services.cli.documents:asyncapi", "print the AsyncAPI document"),
}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command; exit 0, or 2 with a sentence on standard error."""
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        options.run(options)
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
