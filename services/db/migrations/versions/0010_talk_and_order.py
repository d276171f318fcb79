"""Let people talk about jobs, order queues, wish for filaments and have quotas.

Works with the release before it: add first, remove a release later.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "job_comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["user.id"], name="fk_job_comment_author_id_user"),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name="fk_job_comment_job_id_job"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_comment")),
    )
    op.create_index("ix_job_comment_job", "job_comment", ["job_id", "created_at"])
    op.create_table(
        "quota",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("month_grams", sa.Float(), nullable=True),
        sa.Column("month_hours", sa.Float(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["updated_by"], ["user.id"], name=op.f("fk_quota_updated_by_user")),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_quota_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_quota")),
    )
    op.add_column("queue", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("queue", sa.Column("held_by", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_queue_held_by_user"), "queue", "user", ["held_by"], ["id"])
    op.add_column("submission", sa.Column("wish", sa.String(length=200), nullable=True))
    op.add_column("job", sa.Column("earlier", postgresql.JSONB(), nullable=True))


def downgrade() -> None:
    op.drop_column("job", "earlier")
    op.drop_column("submission", "wish")
    op.drop_constraint(op.f("fk_queue_held_by_user"), "queue", type_="foreignkey")
    op.drop_column("queue", "held_by")
    op.drop_column("queue", "version")
    op.drop_table("quota")
    op.drop_table("job_comment")
