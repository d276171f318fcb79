"""Let people have dead letters replayed or dropped.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a person wants done with a letter, and what became of it."""
    at = sa.DateTime(timezone=True)
    op.add_column("dead_letter", sa.Column("replay_asked_at", at, nullable=True))
    op.add_column("dead_letter", sa.Column("replay_asked_by", sa.Uuid(), nullable=True))
    op.add_column("dead_letter", sa.Column("replayed_at", at, nullable=True))
    op.add_column("dead_letter", sa.Column("resolution", sa.String(16), nullable=True))
    op.create_index(
        "ix_dead_letter_open",
        "dead_letter",
        ["first_seen"],
        postgresql_where=sa.text("resolved_at IS NULL"),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_index("ix_dead_letter_open", table_name="dead_letter")
    for name in ("resolution", "replayed_at", "replay_asked_by", "replay_asked_at"):
        op.drop_column("dead_letter", name)
