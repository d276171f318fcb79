"""Every table, for what needs the whole schema: migrations and their check."""

from services.db.tables import base, bus, machines, nodes, notices, people, shop, work

METADATA = base.METADATA
MODULES = (bus, machines, nodes, notices, people, shop, work)
