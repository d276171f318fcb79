"""A bare FastAPI route on a bare asyncpg pool: the same 50 rows of jobs, one statement.

python -m tests.bench.floors.listing DATABASE_URL PORT
"""

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response

_ROWS = """
SELECT job.*, run.state AS run_state, run.percent, run.layer, run.total_layers,
       run.minutes_left, run.reason AS run_reason, owner.name AS owner_name, submission.note
FROM job
JOIN submission ON submission.id = job.submission_id
JOIN "user" AS owner ON owner.id = job.owner_id
LEFT JOIN run ON run.id = job.run_id
ORDER BY job.created_at DESC, job.id DESC LIMIT 50
"""


def make_app(database_url: str) -> FastAPI:
    """Return the app."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(database_url, min_size=5, max_size=5) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/jobs")
    async def jobs(request: Request) -> Response:
        rows = await request.app.state.pool.fetch(_ROWS)
        body = json.dumps([dict(row) for row in rows], default=str)
        return Response(body, media_type="application/json")

    return app


if __name__ == "__main__":
    uvicorn.run(make_app(sys.argv[1]), port=int(sys.argv[2]), log_level="error", access_log=False)
