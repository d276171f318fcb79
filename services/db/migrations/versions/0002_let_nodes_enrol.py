"""Let nodes enrol.

Works with the release before it: add first, remove a release later.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broker_account",
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("issued_at_s", sa.BigInteger(), nullable=False),
        sa.Column("pushed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_broker_account")),
    )
    op.create_table(
        "node_code",
        sa.Column("code_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("public_key", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["node"], ["node.name"], name=op.f("fk_node_code_node_node")),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_node_code")),
    )
    op.create_index(op.f("ix_node_code_node"), "node_code", ["node"], unique=False)
    op.create_table(
        "node_key",
        sa.Column("public_key", sa.String(length=80), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cut_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["node"], ["node.name"], name=op.f("fk_node_key_node_node")),
        sa.PrimaryKeyConstraint("public_key", name=op.f("pk_node_key")),
    )
    op.create_index(op.f("ix_node_key_node"), "node_key", ["node"], unique=False)


def downgrade() -> None:
    op.drop_table("node_key")
    op.drop_table("node_code")
    op.drop_table("broker_account")
