"""Find the runs that ended in a time, and those that came to nothing, without reading all.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes."""
    op.create_index("ix_run_ended", "run", ["ended_at"])
    op.create_index(
        "ix_run_in_vain",
        "run",
        ["state", "ended_at"],
        postgresql_where=sa.text("state IN ('failed', 'cancelled')"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_index("ix_run_in_vain", table_name="run")
    op.drop_index("ix_run_ended", table_name="run")
