"""Every table, for what needs the whole schema: migrations and their check."""

from services.db.tables import base, bus, machines, people, work

METADATA = base.METADATA
MODULES = (bus, machines, people, work)
