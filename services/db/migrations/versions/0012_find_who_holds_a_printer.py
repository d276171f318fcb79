"""Find who holds a printer without reading all that was told of it.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index."""
    op.create_index(
        "ix_event_log_given",
        "event_log",
        ["printer_id"],
        postgresql_where=sa.text("type = 'node.given_printer'"),
    )


def downgrade() -> None:
    """Take it away again."""
    op.drop_index("ix_event_log_given", table_name="event_log")
