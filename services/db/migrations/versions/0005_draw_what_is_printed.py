"""Draw what is printed: names of the pictures and toolpaths made of an artifact.

Works with the release before it: add first, remove a release later.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "artifact",
        sa.Column(
            "pictures",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'::jsonb"),
            nullable=False,
        ),
    )
    op.add_column(
        "artifact",
        sa.Column("paths", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )
    op.add_column(
        "artifact",
        sa.Column("paths_attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
    )
    op.create_index(
        "ix_artifact_without_paths",
        "artifact",
        ["checked_at"],
        postgresql_where=sa.text("state = 'ready' AND paths IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_artifact_without_paths", "artifact")
    op.drop_column("artifact", "paths_attempts")
    op.drop_column("artifact", "paths")
    op.drop_column("artifact", "pictures")
