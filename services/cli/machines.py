"""`layerline node ...` and `layerline printer ...`."""

import argparse
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlmodel.ext.asyncio.session import AsyncSession

from services.cli.failure import CliError
from services.cli.work import in_transaction
from services.provision.keys import Keys
from services.provision.main import KeysSettings
from services.registry.printers import RegistryError, register_node, register_printer


def add_node(options: argparse.Namespace) -> None:
    """Make a node known and write its credentials; `layerline provision` makes its consumers."""
    keys = Keys(KeysSettings().keys_dir)

    async def act(session: AsyncSession) -> None:
        await register_node(
            session,
            options.name,
            title=options.name,
            public_key=None,
            now=datetime.now(UTC),
            by=None,
        )

    _registered(act)
    target = Path(options.creds)
    target.touch(mode=0o600)
    target.write_text(keys.node_creds(options.name, life_s=None).read_text())
    print(f"node {options.name} is known; its credentials are in {target}")
    print("run `layerline provision` to make its consumers, then start `layerline-edge run`")


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
    print("run `layerline provision` so that its node hears the queue's bells")


def _registered(act: Callable[[AsyncSession], Awaitable[None]]) -> None:
    try:
        in_transaction(act)
    except RegistryError as exc:
        raise CliError(str(exc)) from exc
