"""Let slicers send: where an artifact is submitted to once it is ready.

Works with the release before it: add first, remove a release later.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; no artifact of before is submitted by itself."""
    op.add_column("artifact", sa.Column("submit_to", sa.String(32), nullable=True))
    op.create_foreign_key(
        "fk_artifact_submit_to_queue", "artifact", "queue", ["submit_to"], ["name"]
    )


def downgrade() -> None:
    """Take the column away."""
    op.drop_column("artifact", "submit_to")
