"""Make the first schema.

Works with the release before it: add first, remove a release later.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dead_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dead_letter")),
    )
    op.create_index(op.f("ix_dead_letter_first_seen"), "dead_letter", ["first_seen"], unique=False)
    op.create_table(
        "edge_watermark",
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("contiguous_seq", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("journal_id", name=op.f("pk_edge_watermark")),
    )
    op.create_table(
        "event_log",
        sa.Column("gseq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("v", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=True),
        sa.Column("journal_id", sa.Uuid(), nullable=True),
        sa.Column("node_seq", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("run_seq", sa.Integer(), nullable=True),
        sa.Column("printer_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("gseq", name=op.f("pk_event_log")),
        sa.UniqueConstraint("event_id", name=op.f("uq_event_log_event_id")),
        sa.UniqueConstraint(
            "journal_id", "node_seq", name=op.f("uq_event_log_journal_id_node_seq")
        ),
    )
    op.create_index(
        "ix_event_log_job",
        "event_log",
        ["job_id", "gseq"],
        unique=False,
        postgresql_where=sa.text("job_id IS NOT NULL"),
    )
    op.create_index(
        "ix_event_log_printer",
        "event_log",
        ["printer_id", "gseq"],
        unique=False,
        postgresql_where=sa.text("printer_id IS NOT NULL"),
    )
    op.create_table(
        "node",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("public_key", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_node")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("headers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("seq", name=op.f("uq_outbox_seq")),
    )
    op.create_index("ix_outbox_published", "outbox", ["published_at"], unique=False)
    op.create_index(
        "ix_outbox_unpublished",
        "outbox",
        ["seq"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "printer_state",
        sa.Column("printer_id", sa.Uuid(), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("node_seq", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.String(length=32), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("firmware", sa.String(length=32), nullable=True),
        sa.Column("loaded", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_online", sa.Boolean(), nullable=False),
        sa.Column("activity", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=2000), nullable=True),
        sa.Column("code", sa.String(length=32), nullable=True),
        sa.Column("bed", sa.String(length=16), nullable=False),
        sa.Column("bed_seq", sa.BigInteger(), nullable=False),
        sa.Column("bed_run_id", sa.Uuid(), nullable=True),
        sa.Column("bed_by", sa.Uuid(), nullable=True),
        sa.Column("bed_reason", sa.String(length=2000), nullable=True),
        sa.Column("bed_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_fact_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("printer_id", name=op.f("pk_printer_state")),
    )
    op.create_table(
        "queue",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_queue")),
    )
    op.create_table(
        "stream_seen",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stream_seen")),
    )
    op.create_table(
        "user",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("avatar_url", sa.String(length=2000), nullable=True),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
    )
    op.create_index(op.f("ix_user_email"), "user", ["email"], unique=False)
    op.create_table(
        "artifact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("incoming_key", sa.String(length=200), nullable=False),
        sa.Column("check_attempts", sa.Integer(), nullable=False),
        sa.Column("refusal_code", sa.String(length=32), nullable=True),
        sa.Column("refusal", sa.String(length=2000), nullable=True),
        sa.Column("inspection", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('uploading', 'checking', 'ready', 'refused')", name=op.f("ck_artifact_state")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_artifact_owner_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_artifact")),
    )
    op.create_index("ix_artifact_owner_sha256", "artifact", ["owner_id", "sha256"], unique=False)
    op.create_index(
        "ix_artifact_unfinished",
        "artifact",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('uploading', 'checking')"),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("thing", sa.String(length=32), nullable=False),
        sa.Column("thing_id", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("detail", sa.String(length=2000), nullable=True),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_audit_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_at"), "audit", ["at"], unique=False)
    op.create_index(op.f("ix_audit_thing_id"), "audit", ["thing_id"], unique=False)
    op.create_index(op.f("ix_audit_user_id"), "audit", ["user_id"], unique=False)
    op.create_table(
        "command",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("printer_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("bed_seq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=32), nullable=True),
        sa.Column("answer_reason", sa.String(length=2000), nullable=True),
        sa.ForeignKeyConstraint(["by"], ["user.id"], name=op.f("fk_command_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_command")),
    )
    op.create_index(op.f("ix_command_printer_id"), "command", ["printer_id"], unique=False)
    op.create_index(op.f("ix_command_run_id"), "command", ["run_id"], unique=False)
    op.create_index(
        "ix_command_unanswered",
        "command",
        ["issued_at"],
        unique=False,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_table(
        "idempotency",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("route", sa.String(length=120), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_idempotency_user_id_user")),
        sa.PrimaryKeyConstraint("user_id", "route", "key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_created_at"), "idempotency", ["created_at"], unique=False)
    op.create_table(
        "identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_identity_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identity_issuer_subject")),
    )
    op.create_index(op.f("ix_identity_user_id"), "identity", ["user_id"], unique=False)
    op.create_table(
        "printer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["node"], ["node.name"], name=op.f("fk_printer_node_node")),
        sa.ForeignKeyConstraint(["queue"], ["queue.name"], name=op.f("fk_printer_queue_queue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_printer")),
        sa.UniqueConstraint("serial", name=op.f("uq_printer_serial")),
    )
    op.create_index(op.f("ix_printer_node"), "printer", ["node"], unique=False)
    op.create_index(op.f("ix_printer_queue"), "printer", ["queue"], unique=False)
    op.create_table(
        "session",
        sa.Column("id_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_session_user_id_user")),
        sa.PrimaryKeyConstraint("id_sha256", name=op.f("pk_session")),
    )
    op.create_index(op.f("ix_session_expires_at"), "session", ["expires_at"], unique=False)
    op.create_index(op.f("ix_session_user_id"), "session", ["user_id"], unique=False)
    op.create_table(
        "submission",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("artifact_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["artifact_id"], ["artifact.id"], name=op.f("fk_submission_artifact_id_artifact")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_submission_owner_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission")),
    )
    op.create_index(op.f("ix_submission_artifact_id"), "submission", ["artifact_id"], unique=False)
    op.create_index(op.f("ix_submission_owner_id"), "submission", ["owner_id"], unique=False)
    op.create_table(
        "job",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("artifact_id", sa.Uuid(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("correlation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("plate", sa.Integer(), nullable=False),
        sa.Column("copy_no", sa.Integer(), nullable=False),
        sa.Column("needs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("queue", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("wait_reason", sa.String(length=300), nullable=True),
        sa.Column("cancel_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decision", sa.String(length=2000), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('submitted', 'returned', 'rejected', 'withdrawn', 'queued', 'cancelled')",
            name=op.f("ck_job_state"),
        ),
        sa.ForeignKeyConstraint(
            ["artifact_id"], ["artifact.id"], name=op.f("fk_job_artifact_id_artifact")
        ),
        sa.ForeignKeyConstraint(
            ["cancel_requested_by"], ["user.id"], name=op.f("fk_job_cancel_requested_by_user")
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_job_decided_by_user")),
        sa.ForeignKeyConstraint(["owner_id"], ["user.id"], name=op.f("fk_job_owner_id_user")),
        sa.ForeignKeyConstraint(["queue"], ["queue.name"], name=op.f("fk_job_queue_queue")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.id"], name=op.f("fk_job_submission_id_submission")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint(
            "submission_id", "plate", "copy_no", name=op.f("uq_job_submission_id_plate_copy_no")
        ),
    )
    op.create_index(op.f("ix_job_artifact_id"), "job", ["artifact_id"], unique=False)
    op.create_index(
        "ix_job_claimable",
        "job",
        ["queue", "rank"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND run_id IS NULL"),
    )
    op.create_index("ix_job_created", "job", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_job_not_before",
        "job",
        ["not_before"],
        unique=False,
        postgresql_where=sa.text("state = 'queued' AND run_id IS NULL AND not_before IS NOT NULL"),
    )
    op.create_index("ix_job_owner_created", "job", ["owner_id", "created_at", "id"], unique=False)
    op.create_index(op.f("ix_job_run_id"), "job", ["run_id"], unique=False)
    op.create_index("ix_job_state_created", "job", ["state", "created_at", "id"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("run_no", sa.Integer(), nullable=False),
        sa.Column("claim_id", sa.Uuid(), nullable=False),
        sa.Column("sid", sa.Integer(), nullable=False),
        sa.Column("printer_id", sa.Uuid(), nullable=False),
        sa.Column("printer_epoch", sa.Integer(), nullable=False),
        sa.Column("printer_is_free", sa.Boolean(), nullable=False),
        sa.Column("node", sa.String(length=32), nullable=False),
        sa.Column("journal_id", sa.Uuid(), nullable=False),
        sa.Column("releases_before", sa.Integer(), nullable=False),
        sa.Column("spec", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("fact_state", sa.String(length=16), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("overdue_in", sa.String(length=16), nullable=True),
        sa.Column("resolved_as", sa.String(length=16), nullable=True),
        sa.Column("cause", sa.String(length=32), nullable=True),
        sa.Column("reason", sa.String(length=2000), nullable=True),
        sa.Column("code", sa.String(length=32), nullable=True),
        sa.Column("advice", sa.String(length=2000), nullable=True),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("layer", sa.Integer(), nullable=True),
        sa.Column("total_layers", sa.Integer(), nullable=True),
        sa.Column("minutes_left", sa.Integer(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_fact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deadline_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('claimed', 'transferring', 'starting', 'printing', 'paused', 'attention', 'done', 'failed', 'cancelled', 'released')",
            name=op.f("ck_run_state"),
        ),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"], name=op.f("fk_run_job_id_job")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_run_claim_id")),
        sa.UniqueConstraint("sid", name=op.f("uq_run_sid")),
    )
    op.create_index(
        "ix_run_deadline",
        "run",
        ["deadline_at"],
        unique=False,
        postgresql_where=sa.text("state NOT IN ('done', 'failed', 'cancelled', 'released')"),
    )
    op.create_index("ix_run_job", "run", ["job_id", "run_no"], unique=True)
    op.create_index("ix_run_printer", "run", ["printer_id", "claimed_at"], unique=False)
    op.create_index(
        "ix_run_released",
        "run",
        ["job_id"],
        unique=False,
        postgresql_where=sa.text("state = 'released'"),
    )
    op.create_index(
        "uq_run_unresolved_job",
        "run",
        ["job_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('done', 'failed', 'cancelled', 'released')"),
    )
    op.create_index(
        "uq_run_unresolved_printer",
        "run",
        ["printer_id"],
        unique=True,
        postgresql_where=sa.text(
            "state NOT IN ('done', 'failed', 'cancelled', 'released') AND NOT printer_is_free"
        ),
    )

    op.execute("CREATE SEQUENCE job_rank START 1024 INCREMENT 1024")
    op.execute(
        "INSERT INTO queue (name, title, is_held, created_at) VALUES ('main', 'Main', false, now())"
    )


def downgrade() -> None:
    op.execute("DROP SEQUENCE job_rank")
    op.drop_index(
        "uq_run_unresolved_printer",
        table_name="run",
        postgresql_where=sa.text(
            "state NOT IN ('done', 'failed', 'cancelled', 'released') AND NOT printer_is_free"
        ),
    )
    op.drop_index(
        "uq_run_unresolved_job",
        table_name="run",
        postgresql_where=sa.text("state NOT IN ('done', 'failed', 'cancelled', 'released')"),
    )
    op.drop_index(
        "ix_run_released", table_name="run", postgresql_where=sa.text("state = 'released'")
    )
    op.drop_index("ix_run_printer", table_name="run")
    op.drop_index("ix_run_job", table_name="run")
    op.drop_index(
        "ix_run_deadline",
        table_name="run",
        postgresql_where=sa.text("state NOT IN ('done', 'failed', 'cancelled', 'released')"),
    )
    op.drop_table("run")
    op.drop_index("ix_job_state_created", table_name="job")
    op.drop_index(op.f("ix_job_run_id"), table_name="job")
    op.drop_index("ix_job_owner_created", table_name="job")
    op.drop_index(
        "ix_job_not_before",
        table_name="job",
        postgresql_where=sa.text("state = 'queued' AND run_id IS NULL AND not_before IS NOT NULL"),
    )
    op.drop_index("ix_job_created", table_name="job")
    op.drop_index(
        "ix_job_claimable",
        table_name="job",
        postgresql_where=sa.text("state = 'queued' AND run_id IS NULL"),
    )
    op.drop_index(op.f("ix_job_artifact_id"), table_name="job")
    op.drop_table("job")
    op.drop_index(op.f("ix_submission_owner_id"), table_name="submission")
    op.drop_index(op.f("ix_submission_artifact_id"), table_name="submission")
    op.drop_table("submission")
    op.drop_index(op.f("ix_session_user_id"), table_name="session")
    op.drop_index(op.f("ix_session_expires_at"), table_name="session")
    op.drop_table("session")
    op.drop_index(op.f("ix_printer_queue"), table_name="printer")
    op.drop_index(op.f("ix_printer_node"), table_name="printer")
    op.drop_table("printer")
    op.drop_index(op.f("ix_identity_user_id"), table_name="identity")
    op.drop_table("identity")
    op.drop_index(op.f("ix_idempotency_created_at"), table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_index(
        "ix_command_unanswered",
        table_name="command",
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.drop_index(op.f("ix_command_run_id"), table_name="command")
    op.drop_index(op.f("ix_command_printer_id"), table_name="command")
    op.drop_table("command")
    op.drop_index(op.f("ix_audit_user_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_thing_id"), table_name="audit")
    op.drop_index(op.f("ix_audit_at"), table_name="audit")
    op.drop_table("audit")
    op.drop_index(
        "ix_artifact_unfinished",
        table_name="artifact",
        postgresql_where=sa.text("state IN ('uploading', 'checking')"),
    )
    op.drop_index("ix_artifact_owner_sha256", table_name="artifact")
    op.drop_table("artifact")
    op.drop_index(op.f("ix_user_email"), table_name="user")
    op.drop_table("user")
    op.drop_table("stream_seen")
    op.drop_table("queue")
    op.drop_table("printer_state")
    op.drop_index(
        "ix_outbox_unpublished",
        table_name="outbox",
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.drop_index("ix_outbox_published", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("node")
    op.drop_index(
        "ix_event_log_printer",
        table_name="event_log",
        postgresql_where=sa.text("printer_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_event_log_job", table_name="event_log", postgresql_where=sa.text("job_id IS NOT NULL")
    )
    op.drop_table("event_log")
    op.drop_table("edge_watermark")
    op.drop_index(op.f("ix_dead_letter_first_seen"), table_name="dead_letter")
    op.drop_table("dead_letter")
