"""Tell people: where notices go, who wishes to know what, what became of each.

Works with the release before it: add first, remove a release later.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables; what happened before is told to nobody."""
    op.create_table(
        "notice_target",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("kinds", JSONB(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), sa.ForeignKey("user.id"), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=True),
    )
    op.create_table(
        "notice_choice",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("user.id"), primary_key=True),
        sa.Column("target_id", sa.Uuid(), sa.ForeignKey("notice_target.id"), primary_key=True),
        sa.Column("kinds", JSONB(), nullable=False),
    )
    op.create_table(
        "notice_person",
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("user.id"), primary_key=True),
        sa.Column("language", sa.String(2), nullable=False),
    )
    op.create_table(
        "job_follower",
        sa.Column("job_id", sa.Uuid(), sa.ForeignKey("job.id"), primary_key=True),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("user.id"), primary_key=True),
        sa.Column("created_at", _MOMENT, nullable=False),
    )
    op.create_index("ix_job_follower_user_id", "job_follower", ["user_id"])
    op.create_table(
        "notice_cursor",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("gseq", sa.BigInteger(), nullable=False),
    )
    op.execute(
        "INSERT INTO notice_cursor (id, gseq) SELECT 1, coalesce(max(gseq), 0) FROM event_log"
    )
    _deliveries()


def _deliveries() -> None:
    op.create_table(
        "notice_delivery",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("target_id", sa.Uuid(), sa.ForeignKey("notice_target.id"), nullable=False),
        sa.Column("about", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("user_id", sa.Uuid(), sa.ForeignKey("user.id"), nullable=True),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _MOMENT, nullable=False),
        sa.Column("answer", sa.String(300), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.UniqueConstraint("target_id", "about", "user_id", postgresql_nulls_not_distinct=True),
    )
    op.create_index(
        "ix_notice_delivery_due",
        "notice_delivery",
        ["next_at"],
        postgresql_where=sa.text("state IN ('waiting', 'sending')"),
    )
    op.create_index("ix_notice_delivery_target", "notice_delivery", ["target_id", "created_at"])


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "notice_delivery",
        "notice_cursor",
        "job_follower",
        "notice_person",
        "notice_choice",
        "notice_target",
    ):
        op.drop_table(table)
