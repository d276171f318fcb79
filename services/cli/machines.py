"""`layerline node ...` and `layerline printer ...`."""

import argparse
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.db.tables.machines import Node
from services.provision.keys import Keys
from services.provision.main import KeysSettings
from services.registry import nodes
from services.registry.enrolment import adopt_key
from services.registry.errors import RegistryError
from services.registry.nodes import COMMAND_LINE, OneTimeCode
from services.registry.printers import register_printer

T = TypeVar("T")


def add_node(options: argparse.Namespace) -> None:
    """Make a node and its printers known, and print its code, or write credentials to a file."""
    title = options.title or options.name

    async def act(session: AsyncSession) -> OneTimeCode | None:
        now = datetime.now(UTC)
        await nodes.register_node(session, options.name, title=title, now=now, by=COMMAND_LINE)
        for serial, name in options.printers:
            await register_printer(
                session,
                serial=serial,
                name=name,
                node=options.name,
                queue=options.queue,
                now=now,
            )
            await session.flush()
        if options.creds is None:
            return await nodes.make_code(session, options.name, now=now, by=COMMAND_LINE)
        public_key = Keys(KeysSettings().keys_dir).node_key(options.name)
        await adopt_key(session, options.name, public_key, now=now)
        return None

    code = _registered(act)
    if code is None:
        _write_creds(options.name, Path(options.creds))
    else:
        _print_code(options.name, code)


def make_code(options: argparse.Namespace) -> None:
    """Print a new one-time code of a node; older ones are void."""

    async def act(session: AsyncSession) -> OneTimeCode:
        now = datetime.now(UTC)
        return await nodes.make_code(session, options.name, now=now, by=COMMAND_LINE)

    _print_code(options.name, _registered(act))


def revoke_node(options: argparse.Namespace) -> None:
    """Put a node out."""

    async def act(session: AsyncSession) -> None:
        now = datetime.now(UTC)
        await nodes.revoke_node(session, options.name, now=now, by=COMMAND_LINE)

    _registered(act)
    print(f"node {options.name} is revoked; the warden ends its connections")


def list_nodes() -> None:
    """Print every node and how far it is, one a line."""

    async def act(session: AsyncSession) -> list[Node]:
        return list((await session.exec(select(Node).order_by(Node.name))).all())

    for node in in_transaction(act):
        enrolled = "enrolled" if node.public_key else "waiting"
        print(f"{node.name}\t{'revoked' if node.revoked_at else enrolled}\t{node.title}")


def add_printer(options: argparse.Namespace) -> None:
    """Put a printer into a queue, in the hands of a node."""

    async def act(session: AsyncSession) -> None:
        await register_printer(
            session,
            serial=options.serial,
            name=options.name,
            node=options.node,
            queue=options.queue,
            now=datetime.now(UTC),
        )

    _registered(act)
    print(f"{options.name} prints for queue {options.queue}, beside node {options.node}")
    print("its node hears the queue's bells once the warden, or `layerline provision`, has run")


def _write_creds(name: str, target: Path) -> None:
    creds = Keys(KeysSettings().keys_dir).node_creds(name, life_s=None)
    target.touch(mode=0o600)
    target.write_text(creds.read_text())
    print(f"node {name} is known; its credentials are in {target}")
    print("run `layerline provision` to make its consumers, then start `layerline-edge run`")


def _print_code(name: str, code: OneTimeCode) -> None:
    minutes = round(nodes.CODE_LIFE.total_seconds() / 60)
    print(f"code of node {name}, good once and for {minutes} minutes: {code.text}")
    print(f"on the node, run: layerline-edge enroll <address of Layerline> {code.text}")


def _registered(act: Callable[[AsyncSession], Awaitable[T]]) -> T:
    try:
        return in_transaction(act)
    except (RegistryError, ValueError) as exc:
        raise CliError(str(exc)) from exc
