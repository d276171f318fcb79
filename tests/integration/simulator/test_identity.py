"""Requirements 1-6: who the printer is, TLS, discovery, power."""

import asyncio
import json
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID, NameOID

from tests.eventually import eventually
from tests.integration.simulator.bench import SERIAL, Bench, ftp_login
from tests.integration.simulator.conftest import Start
from tests.integration.simulator.rawmqtt import raw
from tests.unit.simulator.sliced import sliced

LIGHT_OFF = {
    "led_node": "chamber_light",
    "led_mode": "off",
    "led_on_time": 500,
    "led_off_time": 500,
    "loop_times": 0,
    "interval_time": 0,
}


def connect(
    bench: Bench, port: int, change: Callable[[ssl.SSLContext], Any] = lambda _: None
) -> ssl.SSLSocket:
    """Make a TLS connection; blocking."""
    context = bench.tls()
    change(context)
    plain = socket.create_connection((bench.ready.host, port), timeout=5)
    try:
        return context.wrap_socket(plain)
    except BaseException:
        plain.close()
        raise


def leaf(bench: Bench, port: int) -> x509.Certificate:
    """Return the certificate that a port shows."""
    with connect(bench, port) as tls:
        der = tls.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def data_leaf(bench: Bench) -> x509.Certificate:
    """Return the certificate of an FTPS data connection."""
    ftp = ftp_login(bench)
    try:
        with ftp.ntransfercmd("NLST")[0] as data:
            return x509.load_der_x509_certificate(data.getpeercert(binary_form=True))
    finally:
        ftp.close()


async def test_r01_serial_model_and_product(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        version = await talk.ask("info", "get_version")
    ota = version["module"][0]
    assert (ota["name"], ota["sn"]) == ("ota", SERIAL)
    assert len(SERIAL) == 15
    assert ota["product_name"] == "Bambu Lab P1S"


async def test_r02_one_leaf_without_san_on_all_ports(bench: Bench) -> None:
    ports = (bench.ready.mqtt_port, bench.ready.ftps_port, bench.ready.camera_port)
    leaves = [await asyncio.to_thread(leaf, bench, port) for port in ports]
    leaves.append(await asyncio.to_thread(data_leaf, bench))
    assert len({item.serial_number for item in leaves}) == 1
    names = leaves[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert [name.value for name in names] == [SERIAL]
    issuer = leaves[0].issuer.rfc4514_string()
    assert issuer == "CN=BBL CA,O=BBL Technologies Co.\\, Ltd,C=CN"
    with pytest.raises(x509.ExtensionNotFound):
        leaves[0].extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME)


async def test_r02_ca_has_no_key_usage(bench: Bench) -> None:
    ca = x509.load_pem_x509_certificate(await asyncio.to_thread(_read, bench.ready.ca_file))
    with pytest.raises(x509.ExtensionNotFound):
        ca.extensions.get_extension_for_oid(ExtensionOID.KEY_USAGE)


def _read(name: str) -> bytes:
    return Path(name).read_bytes()


async def test_r02_tls_12_and_its_cipher_only(bench: Bench) -> None:
    def cipher() -> tuple[str, str, int] | None:
        with connect(bench, bench.ready.mqtt_port) as tls:
            return tls.cipher()

    assert await asyncio.to_thread(cipher) == ("ECDHE-RSA-AES256-GCM-SHA384", "TLSv1.2", 256)

    def only_13(context: ssl.SSLContext) -> None:
        context.maximum_version = ssl.TLSVersion.TLSv1_3
        context.minimum_version = ssl.TLSVersion.TLSv1_3

    with pytest.raises(ssl.SSLError):
        await asyncio.to_thread(connect, bench, bench.ready.mqtt_port, only_13)
    await bench.set(tls13_allowed=True)
    (await asyncio.to_thread(connect, bench, bench.ready.mqtt_port, only_13)).close()


@pytest.mark.parametrize("kind", ["expired", "other_cn", "rotated"])
async def test_r03_other_certificates(bench: Bench, kind: str) -> None:
    usual = await asyncio.to_thread(leaf, bench, bench.ready.mqtt_port)
    await bench.set(certificate=kind)
    if kind == "expired":
        with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
            await asyncio.to_thread(connect, bench, bench.ready.mqtt_port)
        return
    other = await asyncio.to_thread(leaf, bench, bench.ready.mqtt_port)
    assert other.public_key() != usual.public_key()
    assert (other.subject == usual.subject) is (kind == "rotated")


async def test_r03_handshake_delay(start: Start) -> None:
    async with start(scale=10, handshake_delay_s=4) as bench:
        clock = asyncio.get_running_loop().time
        before = clock()
        async with bench.mqtt():
            assert clock() - before >= 0.4


async def test_r04_announces_itself(start: Start) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(5)
    with listener:
        async with start(announce_to=listener.getsockname()):
            datagram = await asyncio.to_thread(listener.recv, 4096)
    lines = datagram.decode().split("\r\n")
    assert lines[0] == "NOTIFY * HTTP/1.1"
    assert f"USN: {SERIAL}" in lines
    assert "DevModel.bambu.com: C12" in lines
    assert "DevConnect.bambu.com: lan" in lines
    assert lines[-2:] == ["", ""]


def drain(listener: socket.socket) -> None:
    """Receive what was sent before, until there is silence; fail if there is none."""
    deadline = time.monotonic() + 5
    listener.settimeout(0.3)
    while time.monotonic() < deadline:
        try:
            listener.recv(4096)
        except TimeoutError:
            listener.settimeout(5)
            return
    pytest.fail("it goes on")


async def test_r04_is_silent_without_power_or_radio(start: Start) -> None:
    listener = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind(("127.0.0.1", 0))
    listener.settimeout(5)
    with listener:
        async with start(announce_to=listener.getsockname(), scale=600) as bench:
            await asyncio.to_thread(listener.recv, 4096)
            for way_out, way_back in (("/power/off", "/power/on"), ("/wifi/off", "/wifi/on")):
                await bench.post(way_out)
                await asyncio.to_thread(drain, listener)
                await bench.post(way_back)
                await asyncio.to_thread(listener.recv, 4096)


class TestProcess:
    """Requirement 5 and the command itself."""

    def argv(self, folder: Path, *more: str) -> list[str]:
        """Return a command line with any free ports."""
        ports = [f"--{name}-port=0" for name in ("mqtt", "ftps", "pasv", "camera", "control")]
        place = [f"--data-dir={folder}", "--time-scale=60"]
        return [sys.executable, "-m", "edge.simulator", *ports, *place, *more]

    def ready(self, process: "subprocess.Popen[str]") -> dict[str, Any]:
        """Return the line that it prints when it listens."""
        assert process.stdout is not None
        line: dict[str, Any] = json.loads(process.stdout.readline())
        return line

    def test_r05_listens_where_told_and_stops_with_exit_0(self, data_dir: Path) -> None:
        argv = self.argv(data_dir, "--host=127.0.0.51", f"--serial={SERIAL}")
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            try:
                ready = self.ready(process)
                assert (ready["ready"], ready["serial"]) == (True, SERIAL)
                for kind in ("mqtt", "ftps", "pasv", "camera"):
                    address = (ready["host"], ready[f"{kind}_port"])
                    socket.create_connection(address, timeout=5).close()
                assert ready["host"] == "127.0.0.51"
            finally:
                process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=10) == 0

    def test_r05_a_taken_port_is_named(self, data_dir: Path) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            number = taken.getsockname()[1]
            argv = [*self.argv(data_dir), f"--mqtt-port={number}"]
            done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 2
        assert f"port {number} of 127.0.0.1: Address already in use" in done.stderr

    def test_lists_scenarios(self, tmp_path: Path) -> None:
        argv = [sys.executable, "-m", "edge.simulator", "--list"]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True)
        assert "runout-at-40" in done.stdout
        assert not list(tmp_path.iterdir())


class TestWifi:
    """A network that is lost for a while: nobody is told, and the machine goes on."""

    async def test_r06_a_short_loss_is_only_late(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await bench.post("/wifi/off")
            assert (await bench.get("/state"))["wifi"] == "off"
            await talk.send("system", "ledctrl", **LIGHT_OFF)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await anext(aiter(talk.client.messages))
            await bench.post("/wifi/on")
            await talk.report(lights_report=[{"node": "chamber_light", "mode": "off"}])

    async def test_r06_a_session_that_was_lost_counts_until_its_keepalive(
        self, start: Start
    ) -> None:
        async with start(client_limit=1) as bench, raw(bench) as gone:
            assert await gone.connect(keepalive=1) == 0
            await bench.post("/wifi/off")
            assert (await bench.get("/counters"))["clients"] == 1

            async def is_forgotten() -> bool:
                return bool((await bench.get("/counters"))["clients"] == 0)

            await eventually(is_forgotten)
            await bench.post("/wifi/on")
            assert await gone.is_cut()

    async def test_r06_the_print_goes_on_without_it(self, start: Start) -> None:
        async with start(scale=60) as bench:
            bench.put_on_card("job.gcode.3mf", sliced())
            await bench.post("/wifi/off")
            await bench.post("/screen/start", {"path": "/job.gcode.3mf"})
            await bench.state(gcode_state="RUNNING")
            await bench.post("/time", {"jump_s": 36_000})
            await bench.state(gcode_state="FINISH")
            await bench.post("/wifi/on")
            async with bench.mqtt() as talk:
                assert (await talk.full())["gcode_state"] == "FINISH"


async def test_r06_power_off_refuses_and_boot_brings_it_back(start: Start) -> None:
    async with start(scale=100, boot_s=30) as bench:
        bench.put_on_card("kept.gcode.3mf", sliced())
        async with bench.mqtt() as talk:
            await bench.post("/power/off")
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", bench.ready.mqtt_port)
            assert (await bench.get("/state"))["power"] == "off"
            await bench.post("/power/on")
            assert (await bench.get("/state"))["power"] == "booting"
            await bench.state(power="on")
            with pytest.raises(aiomqtt.MqttError):  # the old connection is reset only now
                async for _ in talk.client.messages:
                    pass
        async with bench.mqtt() as talk:
            assert (await talk.full())["gcode_state"] == "IDLE"
        assert "/kept.gcode.3mf" in (await bench.get("/card"))["files"]


async def test_r06_connections_die_without_fin(bench: Bench) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.ready.mqtt_port)
    await bench.state(power="on")
    await bench.post("/power/off")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await reader.read(1)
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )
    writer.close()


async def test_r06_black_hole_swallows_connections(start: Start) -> None:
    async with start(power_off_shows="black_hole") as bench:
        await bench.post("/power/off")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await asyncio.open_connection(
                    "127.0.0.1", bench.ready.mqtt_port, ssl=bench.tls(), server_hostname=SERIAL
                )
