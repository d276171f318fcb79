"""A simulated printer in this process, on real sockets, and the clients that tests speak with."""

import asyncio
import contextlib
import ftplib
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import aiomqtt

from edge.simulator.ams import Filament, Loaded, loaded
from edge.simulator.hosting import HostOptions, Ready, host_printer
from edge.simulator.printer import PrinterOptions
from edge.simulator.recording import Replay
from edge.simulator.scenarios import Scenario
from edge.simulator.switches import SwitchBoard, Switches

SERIAL, CODE = "01P00A000000001", "12345678"
REPORT, REQUEST = f"device/{SERIAL}/report", f"device/{SERIAL}/request"
READY_WITHIN_S = 15.0
WITHIN_S = 8.0
Json = dict[str, Any]


@dataclass
class Bench:
    """A running simulator."""

    ready: Ready
    data_dir: Path
    http: aiohttp.ClientSession

    async def get(self, path: str) -> Json:
        """GET from the control port."""
        async with self.http.get(self._url(path)) as response:
            assert response.status == 200, await response.text()
            body: Json = await response.json()
            return body

    async def post(self, path: str, body: Json | None = None, *, status: int = 200) -> Json:
        """POST to the control port."""
        async with self.http.post(self._url(path), json=body or {}) as response:
            assert response.status == status, await response.text()
            answer: Json = await response.json() if status == 200 else {}
            return answer

    async def set(self, **switches: object) -> None:
        """Set switches."""
        await self.post("/faults", switches)

    async def state(self, **wanted: object) -> Json:
        """Return the state once it has these values."""
        deadline = time.monotonic() + WITHIN_S
        while True:
            state = await self.get("/state")
            if all(state[key] == value for key, value in wanted.items()):
                return state
            assert time.monotonic() < deadline, f"wanted {wanted}, is {state}"
            await asyncio.sleep(0.02)

    def put_on_card(self, name: str, content: bytes) -> None:
        """Write a file to the card, past FTPS."""
        (self.data_dir / "sd" / name).write_bytes(content)

    def tls(self) -> ssl.SSLContext:
        """Return what a careful client uses: the CA, TLS 1.2, no host name."""
        context = ssl.create_default_context(cafile=self.ready.ca_file)
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.check_hostname = False
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.ready.control_port}{path}"

    @asynccontextmanager
    async def mqtt(self, *, code: str = CODE, is_quiet: bool = False) -> "AsyncIterator[Talk]":
        """Connect; subscribe unless quiet."""
        async with aiomqtt.Client(
            self.ready.host,
            self.ready.mqtt_port,
            username="bblp",
            password=code,
            tls_context=self.tls(),
            timeout=5,
        ) as client:
            if not is_quiet:
                await client.subscribe(REPORT)
            yield Talk(client)


@dataclass
class Talk:
    """One MQTT session."""

    client: aiomqtt.Client
    _sequence: int = 20_000

    async def send(self, kind: str, command: str, **fields: object) -> str:
        """Publish one request; return its sequence id."""
        self._sequence += 1
        body = {"sequence_id": str(self._sequence), "command": command, **fields}
        await self.client.publish(REQUEST, json.dumps({kind: body}))
        return str(self._sequence)

    async def until(
        self, matches: Callable[[Json], bool], *, within_s: float = WITHIN_S
    ) -> list[Json]:
        """Return all messages up to the first that matches."""
        seen: list[Json] = []
        try:
            async with asyncio.timeout(within_s):
                async for message in self.client.messages:
                    assert isinstance(message.payload, bytes)
                    seen.append(json.loads(message.payload.decode(errors="replace")))
                    if matches(seen[-1]):
                        return seen
        except TimeoutError:
            raise AssertionError(f"not seen; last: {seen[-3:]}") from None
        raise AssertionError("disconnected")

    async def report(self, **wanted: object) -> list[Json]:
        """Return all messages up to a push_status with these values."""
        return await self.until(
            lambda message: (
                all(message.get("print", {}).get(key) == value for key, value in wanted.items())
                and message.get("print", {}).get("command") == "push_status"
            )
        )

    async def echo(self, kind: str, command: str) -> Json:
        """Return the body of the answer to a command."""
        seen = await self.until(lambda message: message.get(kind, {}).get("command") == command)
        body: Json = seen[-1][kind]
        return body

    async def ask(self, kind: str, command: str, **fields: object) -> Json:
        """Send a request and return its answer's body."""
        await self.send(kind, command, **fields)
        return await self.echo(kind, command)

    async def full(self) -> Json:
        """Ask for a full report and return it."""
        await self.send("pushing", "pushall", version=1, push_target=1)
        body: Json = (await self.report(msg=0))[-1]["print"]
        return body

    async def start(self, name: str, **fields: object) -> None:
        """Ask to print plate 1 of a file in the card's root."""
        sid = fields.pop("sid", "184467")
        request: Json = {
            "param": "Metadata/plate_1.gcode",
            "url": f"ftp:///{name}",
            "file": name,
            "md5": "",
            "project_id": "0",
            "profile_id": "0",
            "task_id": sid,
            "subtask_id": sid,
            "subtask_name": f"layerline-{sid}",
            "bed_leveling": True,
            "use_ams": False,
            "ams_mapping": [],
        }
        await self.send("print", "project_file", **{**request, **fields})


class PrinterFTP(ftplib.FTP_TLS):
    """Implicit TLS with a resumed session on data connections, as clients of a P1S do it."""

    def __init__(self, context: ssl.SSLContext, *, resumes: bool = True) -> None:
        super().__init__(context=context, timeout=10)
        self._resumes = resumes
        self._plain: Any = None

    @property
    def sock(self) -> Any:
        """The control connection."""
        return self._plain

    @sock.setter
    def sock(self, value: Any) -> None:
        is_plain = value is not None and not isinstance(value, ssl.SSLSocket)
        self._plain = self.context.wrap_socket(value) if is_plain else value

    def ntransfercmd(self, cmd: str, rest: Any = None) -> Any:
        """Open a data connection after the command's 1xx."""
        sock, size = super(ftplib.FTP_TLS, self).ntransfercmd(cmd, rest)
        session = self.sock.session if self._resumes else None
        try:
            return self.context.wrap_socket(sock, session=session), size
        except OSError:
            sock.close()
            raise

    def put(self, name: str, content: bytes, *, notify: bool = True) -> str:
        """STOR and return the last reply; without waiting for the printer's close_notify."""
        self.voidcmd("TYPE I")
        with contextlib.closing(self.ntransfercmd(f"STOR {name}")[0]) as data:
            data.sendall(content)
            if notify:
                data.settimeout(0)
                with contextlib.suppress(OSError):  # one-way: the answer isn't waited for
                    data.unwrap()
        return self.voidresp()

    def lines(self, command: str) -> list[str]:
        """LIST or NLST; the printer ends without close_notify."""
        data = self.ntransfercmd(command)[0]
        content = b""
        while True:
            try:
                chunk = data.recv(65536)
            except ssl.SSLEOFError:
                break
            if not chunk:
                break
            content += chunk
        data.close()
        self.voidresp()
        return content.decode().splitlines()


def ftp_login(bench: Bench, *, code: str = CODE, resumes: bool = True) -> PrinterFTP:
    """Connect, log in and protect; blocking."""
    ftp = PrinterFTP(bench.tls(), resumes=resumes)
    try:
        ftp.connect(bench.ready.host, bench.ready.ftps_port)
        ftp.login("bblp", code, secure=False)
        ftp.voidcmd("PBSZ 0")
        ftp.voidcmd("PROT P")
    except BaseException:
        ftp.close()
        raise
    return ftp


AMS = loaded((Filament("PLA", "F2754EFF"), Filament("PETG", "1F79E5FF")))


@asynccontextmanager
async def simulator(
    data_dir: Path,
    *,
    scale: float = 600.0,
    content: Loaded = AMS,
    code: str = CODE,
    scenario: Scenario | None = None,
    replay: Replay | None = None,
    announce_to: tuple[str, int] | None = None,
    **switches: object,
) -> AsyncIterator[Bench]:
    """Run a printer; uploads go at full speed unless switched otherwise."""
    board = SwitchBoard(Switches())
    board.change({"upload_bytes_per_s": None, **switches})
    options = PrinterOptions(
        serial=SERIAL,
        access_code=code,
        host="127.0.0.1",
        mqtt_port=0,
        ftps_port=0,
        pasv_port=0,
        camera_port=0,
        data_dir=data_dir,
        ca_dir=data_dir,
        time_scale=scale,
        content=content,
        switches=board.now,
        replay=replay,
    )
    host = HostOptions(options, 0, scenario, announce_to)
    stop, ready = asyncio.Event(), asyncio.get_running_loop().create_future()
    task = asyncio.create_task(host_printer(host, ready.set_result, stop))
    try:
        await asyncio.wait({task, ready}, return_when="FIRST_COMPLETED", timeout=READY_WITHIN_S)
        if task.done():
            await task
        async with aiohttp.ClientSession() as http:
            yield Bench(ready.result(), data_dir, http)
    finally:
        stop.set()
        await task
