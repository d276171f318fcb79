"""The edge: memory, processor, how soon a report is an event, and 100 MB through it."""

import asyncio
import hashlib
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

import httpx
import nats
import psutil

from contracts.subjects import EDGE
from deploy.local.demo.client import Person, open_browser, sign_in
from deploy.local.plan import ACCESS_CODE
from deploy.local.state import read_settings
from edge.timing import Timing
from runtime.settings import StorageSettings
from services.provision.keys import Keys
from services.storage.bucket import Bucket, blob_key, open_bucket
from tests.bench.approvals import SAMPLE, clear_bed, submit
from tests.bench.files import bulky_file
from tests.bench.floors import curl
from tests.bench.processes import process_of
from tests.bench.row import Bench, Row, Rows, at_most
from tests.eventually import eventually
from tests.fixtures.vsftpd import Server, running_vsftpd

LARGE_BYTES = 100_000_000
IDLE_S = 20.0
TRIES = 3
WITHIN_S = 180.0
WATCH_EVERY_S = 0.02
_UPLOAD = """\
import asyncio, sys, time
from pathlib import Path
from edge.bambu.ftps import PrinterFTPS
from edge.bambu.tls import PrinterTrust

async def main(port, serial, folder, source):
    trust = PrinterTrust(host="127.0.0.1", port=port, serial=serial, folder=folder, ca_file=None)
    client = PrinterFTPS(
        host="127.0.0.1", port=port, access_code="x", trust=trust, user="anonymous"
    )
    await client.list_files()
    began = time.monotonic()
    await client.upload(source, "ours.bin", lambda sent: None)
    print(time.monotonic() - began)

asyncio.run(main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])))
"""


async def measure(bench: Bench) -> Rows:
    """Yield the rows of the edge."""
    node = process_of(bench.state, bench.state.printers[0].node)
    for row in await _idle(node):
        yield row
    yield await _ftps(bench.data_dir / "vsftpd")
    async with open_browser(bench.state.url) as http:
        ada = await sign_in(http, "ada")
        for row in await _events(bench, ada):
            yield row
        for row in await _transfer(bench, ada, node):
            yield row


async def _idle(node: psutil.Process) -> list[Row]:
    before = node.cpu_times()
    began = time.monotonic()
    await asyncio.sleep(IDLE_S)
    after = node.cpu_times()
    used_s = after.user + after.system - before.user - before.system
    percent = 100 * used_s / (time.monotonic() - began)
    return [
        at_most("edge idle: memory (RSS)", "MB", node.memory_info().rss / 1e6, 70),
        at_most("edge idle: processor", "%", percent, 1),
    ]


async def _ftps(folder: Path) -> Row:
    """Upload 100 MB to vsftpd: curl and our driver in turn, the median of each."""
    source = _noise(folder)
    async with running_vsftpd(folder) as server:
        ours, floor = [], []
        for _ in range(TRIES):
            floor.append(await _curl_upload(server, source))
            ours.append(await _our_upload(server, source))
    rate, curls = LARGE_BYTES / statistics.median(ours), LARGE_BYTES / statistics.median(floor)
    ratio = rate / curls
    name = "edge -> vsftpd, 100 MB"
    return Row(name, "MB/s", rate / 1e6, curls / 1e6, ratio, ">= 0.8 x", ratio >= 0.8)


def _noise(folder: Path) -> Path:
    folder.mkdir()
    source = folder / "large.bin"
    source.write_bytes(random.Random(7).randbytes(LARGE_BYTES))
    return source


async def _curl_upload(server: Server, source: Path) -> float:
    url = f"ftps://127.0.0.1:{server.port}/curl.bin"
    return await curl.timed("--insecure", "--tls-max", "1.2", "--upload-file", str(source), url)


async def _our_upload(server: Server, source: Path) -> float:
    arguments = (str(server.port), "01P00A391800001", str(server.folder / "edge"), str(source))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _UPLOAD, *arguments), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return float(said.split()[-1])


async def _events(bench: Bench, ada: Person) -> list[Row]:
    """Print once; compare when the printer said each percent with when the broker stored it."""
    await clear_bed(ada)
    (job,) = await submit(ada, 1, SAMPLE)
    await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
    await _ended(ada, job["id"])
    serial = bench.state.printers[0].serial
    said = _percents(next(bench.data_dir.glob(f"printers/{serial}/log.jsonl")))
    stored = await _stored_percents(bench)
    delays = sorted(
        (stored[percent] - at).total_seconds() for percent, at in said.items() if percent in stored
    )
    p99 = delays[min(len(delays) - 1, round(0.99 * len(delays)))]
    return [
        at_most(
            "printer's report -> event stored, p50", "ms", 1000 * statistics.median(delays), 20
        ),
        at_most("printer's report -> event stored, p99", "ms", 1000 * p99, 20),
    ]


async def _ended(ada: Person, job_id: str) -> None:
    async def is_done() -> bool:
        job = await ada.get(f"/api/jobs/{job_id}")
        if job["status"] in {"failed", "cancelled", "attention"}:
            raise RuntimeError(f"the job is {job['status']}: {job['reason']}")
        return bool(job["status"] == "done")

    await eventually(is_done, within_s=WITHIN_S)


def _percents(recording: Path) -> dict[int, datetime]:
    """Return when the printer first said each percent of the print."""
    said: dict[int, datetime] = {}
    for line in recording.read_text().splitlines():
        entry = json.loads(line)
        if entry["dir"] != "report":
            continue
        report = json.loads(entry["payload"]).get("print", {})
        percent = report.get("mc_percent")
        if percent is not None and 0 < percent < 100:
            said.setdefault(percent, datetime.fromisoformat(entry["at"]))
    return said


async def _stored_percents(bench: Bench) -> dict[int, datetime]:
    creds = Keys(bench.data_dir / "keys").service_creds("provision")
    client = await nats.connect(
        f"nats://127.0.0.1:{bench.state.ports['nats']}", user_credentials=str(creds)
    )
    stored: dict[int, datetime] = {}
    try:
        stream = client.jetstream()
        info = await stream.stream_info(EDGE.name)
        for seq in range(info.state.first_seq, info.state.last_seq + 1):
            message = await stream.get_msg(EDGE.name, seq)
            if message.subject is not None and message.subject.endswith("job.progress"):
                percent = json.loads(message.data or b"{}")["percent"]
                if message.time is not None:
                    stored.setdefault(percent, message.time)
    finally:
        await client.close()
    return stored


async def _transfer(bench: Bench, ada: Person, node: psutil.Process) -> list[Row]:
    """100 MB from the storage over the node's disk to the printer's card."""
    source, content = bench.data_dir / "large.gcode.3mf", await asyncio.to_thread(bulky_file)
    await asyncio.to_thread(source.write_bytes, content)
    async with httpx.AsyncClient(base_url=bench.state.printers[0].control_url) as control:
        (await control.post("/faults", json={"upload_bytes_per_s": None})).raise_for_status()
    await clear_bed(ada)
    (job,) = await submit(ada, 1, source)
    async with _peak_memory(node) as peak:
        await ada.post(f"/api/jobs/{job['id']}/approve", {"version": job["version"]})
        ours = await _transferred(ada, job["id"]) - Timing().flush_s
    floor = await _curl_twice(bench, hashlib.sha256(content).hexdigest())
    await ada.post(f"/api/jobs/{job['id']}/cancel")
    ratio = floor / ours
    name = "edge: storage -> disk -> printer, 100 MB"
    return [
        Row(name, "s", ours, floor, ratio, ">= 0.8 x of curl twice", ratio >= 0.8),
        at_most("edge: memory (RSS) meanwhile", "MB", max(peak) / 1e6, 85),
    ]


async def _transferred(ada: Person, job_id: str) -> float:
    """Return the seconds from the claim to the order to print."""

    async def times() -> dict[str, datetime]:
        events = await ada.get(f"/api/jobs/{job_id}/events")
        at = {event["type"]: datetime.fromisoformat(event["occurred_at"]) for event in events}
        return at if "run.starting" in at else {}

    at = await eventually(times, within_s=WITHIN_S)
    return (at["run.starting"] - at["run.transferring"]).total_seconds()


@asynccontextmanager
async def _peak_memory(process: psutil.Process) -> AsyncIterator[list[int]]:
    """Collect the resident memory, in bytes, while the block runs."""
    seen = [process.memory_info().rss]

    async def watch() -> None:
        while True:
            seen.append(process.memory_info().rss)
            await asyncio.sleep(WATCH_EVERY_S)

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        yield seen
        watching.cancel()


async def _curl_twice(bench: Bench, sha256: str) -> float:
    """Return the seconds of a download to disk and an upload to the card."""
    async with _bucket(bench) as bucket:
        presigned = await bucket.presign_get(blob_key(sha256))
    fetched = bench.data_dir / "fetched"
    node = process_of(bench.state, bench.state.printers[0].node)
    port = node.environ()["BAMBU_FTPS_PORT"]
    login = ("--insecure", "--tls-max", "1.2", "--user", f"bblp:{ACCESS_CODE}")
    url = f"ftps://127.0.0.1:{port}/curl.3mf"
    down_s = await curl.timed("--output", str(fetched), presigned.url)
    return down_s + await curl.timed(*login, "--upload-file", str(fetched), url)


@asynccontextmanager
async def _bucket(bench: Bench) -> AsyncIterator[Bucket]:
    env = read_settings(bench.data_dir)
    prefix = "LAYERLINE_"
    values = {
        name.removeprefix(prefix).lower(): value
        for name, value in env.items()
        if name.startswith(f"{prefix}S3_")
    }
    async with open_bucket(StorageSettings.model_validate(values)) as bucket:
        yield bucket
