"""Bare FastAPI routes that write what a submission and an approval write, a transaction each.

python -m tests.bench.floors.deciding DATABASE_URL OWNER ARTIFACT PORT
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI

_KEY = "INSERT INTO idempotency VALUES ($1, 'bare', $2, '', 200, $3, now())"
_SENT = "INSERT INTO submission (id, owner_id, artifact_id, created_at) VALUES ($1, $2, $3, now())"
_JOB = """
INSERT INTO job (id, submission_id, artifact_id, owner_id, correlation_id, name, plate, copy_no,
                 needs, queue, state, version, created_at)
SELECT $1, $2, id, owner_id, $1, filename, 1, 1, inspection -> 'plates' -> 0, 'main', 'submitted',
       1, now() FROM artifact WHERE id = $3
"""
_APPROVE = "UPDATE job SET state = 'rejected', version = 2, decided_at = now() WHERE id = $1"
_EVENT = "INSERT INTO outbox VALUES ($1, DEFAULT, 'bare', '{}', $2, now(), now())"
_TRAIL = "INSERT INTO audit VALUES (DEFAULT, now(), $1, 'bare', 'job', $2, NULL, NULL, $3)"


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(sys.argv[1], min_size=8, max_size=8) as app.state.pool:
        yield


app = FastAPI(lifespan=_lifespan)
OWNER, ARTIFACT = map(UUID, sys.argv[2:4])


async def _write(job: UUID, *changes: tuple[str, list[UUID]]) -> dict[str, object]:
    async with app.state.pool.acquire() as connection, connection.transaction():
        await connection.execute(_KEY, OWNER, str(uuid4()), bytes(1000))
        for statement, values in changes:
            await connection.execute(statement, *values)
        await connection.execute(_EVENT, uuid4(), bytes(400))
        await connection.execute(_TRAIL, OWNER, str(job), job)
    return {"id": job, "version": 1, "jobs": [{"id": job, "version": 1}]}


@app.post("/submissions")
async def submit(body: dict[str, object]) -> dict[str, object]:
    job, sent = uuid4(), uuid4()
    return await _write(job, (_SENT, [sent, OWNER, ARTIFACT]), (_JOB, [job, sent, ARTIFACT]))


@app.post("/jobs/{job_id}/approve")
async def approve(job_id: UUID, body: dict[str, object]) -> dict[str, object]:
    return await _write(job_id, (_APPROVE, [job_id]))


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[4]), log_level="error", access_log=False)
