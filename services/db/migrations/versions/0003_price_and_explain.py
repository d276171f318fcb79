"""Price prints and explain waiting.

Works with the release before it: add first, remove a release later.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "run_price",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("material", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("electricity_per_h", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("weight_g", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_run_price")),
    )
    op.create_table(
        "shop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_shop_one_row")),
        sa.ForeignKeyConstraint(["updated_by"], ["user.id"], name=op.f("fk_shop_updated_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop")),
    )
    op.add_column("job", sa.Column("wait_code", sa.String(length=32), nullable=True))
    op.add_column(
        "job",
        sa.Column("wait_params", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    )


def downgrade() -> None:
    op.drop_column("job", "wait_params")
    op.drop_column("job", "wait_code")
    op.drop_table("shop")
    op.drop_table("run_price")
