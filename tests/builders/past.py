"""A long past, written straight into the database."""

from datetime import timedelta

import asyncpg

_MADE = """
CREATE TEMP TABLE made AS
SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS run_id, now() - n * $5::interval AS at,
       a.owner_id, p.id AS printer_id
FROM generate_series($1::int, $2::int) AS n, artifact AS a, printer AS p
WHERE a.id = $3 AND p.id = $4
"""
_SUBMISSIONS = """
INSERT INTO submission (id, owner_id, artifact_id, created_at)
SELECT id, owner_id, $1, at FROM made
"""
_JOBS = """
INSERT INTO job (id, submission_id, artifact_id, owner_id, correlation_id, name, plate, copy_no,
                 needs, queue, state, version, rank, run_id, decided_at, decided_by, created_at)
SELECT made.id, made.id, a.id, a.owner_id, made.id, 'part ' || n, 1, 1,
       coalesce(a.inspection -> 'plates' -> 0, '{}'), 'main', 'queued', 2, -n, run_id, at,
       a.owner_id, at
FROM made, artifact AS a WHERE a.id = $1
"""
_RUNS = """
INSERT INTO run (id, job_id, run_no, claim_id, sid, printer_id, printer_epoch, printer_is_free,
                 node, journal_id, releases_before, spec, state, fact_state, run_seq, percent,
                 claimed_at, started_at, ended_at, last_fact_at)
SELECT run_id, made.id, 1, gen_random_uuid(), n, p.id, 1, false, p.node, $2, 0, '{}', 'done',
       'done', 106, 100, at, at, at, at
FROM made, printer AS p WHERE p.id = $1
"""
_REST = """
INSERT INTO event_log (event_id, type, v, node, journal_id, node_seq, job_id, run_id, run_seq,
                       printer_id, occurred_at, received_at, body)
SELECT gen_random_uuid(), 'job.done', 1, 'past', run_id, 1, id, run_id, 1, printer_id, at, at, '{}'
FROM made;
INSERT INTO outbox (id, subject, headers, body, created_at, published_at)
SELECT id, 'job.submitted.' || id, '{}', '{}', at, now() FROM made;
INSERT INTO audit (at, user_id, action, thing, thing_id, correlation_id)
SELECT at, owner_id, 'job.approve', 'job', id::text, id FROM made;
INSERT INTO idempotency (user_id, route, key, body_sha256, status, response, created_at)
SELECT owner_id, 'approve_job', id::text, '', 200, '', now() FROM made;
INSERT INTO artifact (id, owner_id, filename, size_bytes, sha256, state, incoming_key,
                      check_attempts, inspection, paths, created_at, checked_at)
SELECT id, owner_id, 'old.gcode.3mf', 1, md5(n::text) || md5(n::text), 'ready',
       'incoming/' || id, 1, '{}', '[]', at, at
FROM made;
INSERT INTO command (id, node, journal_id, printer_id, run_id, kind, by, correlation_id, issued_at,
                     answered_at, answer)
SELECT id, 'past', run_id, printer_id, run_id, 'pause', owner_id, id, at, at, 'done' FROM made;
INSERT INTO job_comment (id, job_id, author_id, text, created_at)
SELECT id, id, owner_id, 'fine', at FROM made;
INSERT INTO run_price (run_id, currency) SELECT run_id, 'EUR' FROM made;
INSERT INTO dead_letter (id, subject, headers, body, reason, first_seen, count, resolved_at)
SELECT id, 'x', '{}', '', 'x', at, 1, at FROM made;
INSERT INTO session (id_sha256, user_id, created_at, last_used_at, expires_at)
SELECT sha256(id::text::bytea), owner_id, at, at, at + interval '30 days' FROM made;
INSERT INTO edge_watermark (journal_id, node, contiguous_seq, updated_at)
SELECT run_id, 'past', 1, at FROM made
"""


async def add_done_jobs(
    connection: asyncpg.Connection,
    *,
    start: int,
    stop: int,
    artifact: object,
    printer: object,
    every: timedelta = timedelta(seconds=1),
) -> None:
    """Add the jobs `start` to `stop`, printed one `every` so often; the first is the newest."""
    await connection.execute("DROP TABLE IF EXISTS made")
    await connection.execute(_MADE, start, stop, artifact, printer, every)
    await connection.execute(_SUBMISSIONS, artifact)
    await connection.execute(_JOBS, artifact)
    await connection.execute(_RUNS, printer, printer)
    await connection.execute("ANALYZE")


async def add_what_went_with_them(connection: asyncpg.Connection) -> None:
    """Add what else the jobs last made have left: a row or more in every table that grows."""
    await connection.execute(_REST)
    await connection.execute("ANALYZE")
