"""Reading nodes: three statements for all of them."""

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from services.api.nodes.schemas import Node, NodePrinter, NodeState
from services.db.tables import machines
from services.db.tables.nodes import NodeCode, NodeKey


async def read_nodes(
    session: AsyncSession, *, now: datetime, name: str | None = None
) -> list[Node]:
    """Return every node by name, or the one."""
    statement = select(machines.Node).order_by(machines.Node.name)
    if name is not None:
        statement = statement.where(machines.Node.name == name)
    nodes = (await session.exec(statement)).all()
    names = [node.name for node in nodes]
    keys = await _newest_keys(session, names)
    codes = await _open_codes(session, names, now)
    printers = await _printers(session, names)
    last = await _last_facts(session, names)
    return [
        _present(
            node,
            keys.get(node.name),
            codes.get(node.name),
            printers[node.name],
            last.get(node.name),
        )
        for node in nodes
    ]


def _present(
    node: machines.Node,
    key: NodeKey | None,
    code_expires_at: datetime | None,
    printers: list[NodePrinter],
    last_fact_at: datetime | None,
) -> Node:
    if node.revoked_at is not None:
        state = NodeState.REVOKED
    else:
        state = NodeState.WAITING if key is None else NodeState.ENROLLED
    return Node(
        name=node.name,
        title=node.title,
        state=state,
        printers=printers,
        created_at=node.created_at,
        code_expires_at=code_expires_at,
        enrolled_at=key.enrolled_at if key else None,
        credentials_expire_at=key.expires_at if key else None,
        revoked_at=node.revoked_at,
        cut_at=key.cut_at if key and node.revoked_at else None,
        last_fact_at=last_fact_at,
    )


async def _newest_keys(session: AsyncSession, names: list[str]) -> dict[str, NodeKey]:
    rows = await session.exec(
        select(NodeKey).where(col(NodeKey.node).in_(names)).order_by(col(NodeKey.enrolled_at))
    )
    return {row.node: row for row in rows}


async def _open_codes(
    session: AsyncSession, names: list[str], now: datetime
) -> dict[str, datetime]:
    rows = await session.exec(
        select(NodeCode).where(
            col(NodeCode.node).in_(names),
            col(NodeCode.used_at).is_(None),
            col(NodeCode.expires_at) > now,
        )
    )
    return {row.node: row.expires_at for row in rows}


async def _printers(session: AsyncSession, names: list[str]) -> dict[str, list[NodePrinter]]:
    rows = await session.exec(
        select(machines.Printer)
        .where(col(machines.Printer.node).in_(names))
        .order_by(machines.Printer.name)
    )
    found: dict[str, list[NodePrinter]] = {name: [] for name in names}
    for row in rows:
        found[row.node].append(NodePrinter(serial=row.serial, name=row.name, queue=row.queue))
    return found


async def _last_facts(session: AsyncSession, names: list[str]) -> dict[str, datetime]:
    state = machines.PrinterState
    rows = await session.exec(
        select(state.node, func.max(col(state.last_fact_at)))
        .where(col(state.node).in_(names))
        .group_by(state.node)
    )
    return dict(rows.all())
