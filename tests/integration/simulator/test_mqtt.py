"""Requirements 7-17: the broker and its habits."""

import asyncio
import json
import subprocess
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.simulator import mqtt_packets as mqtt
from tests.integration.simulator.bench import CODE, REPORT, REQUEST, Bench
from tests.integration.simulator.conftest import Start
from tests.integration.simulator.rawmqtt import RawMQTT, raw

VERSION = json.dumps({"info": {"sequence_id": "5", "command": "get_version"}}).encode()
LIGHT = {"led_node": "chamber_light", "led_on_time": 500, "led_off_time": 500}
LIGHT_OFF: dict[str, Any] = {**LIGHT, "led_mode": "off", "loop_times": 0, "interval_time": 0}


async def violations(bench: Bench) -> dict[str, int]:
    """Return the offences that were counted."""
    found: dict[str, int] = (await bench.get("/counters"))["protocol_violations_by_kind"]
    return found


@pytest.mark.parametrize("code", [4, 5])
async def test_r07_wrong_code_is_refused_and_closed(bench: Bench, code: int) -> None:
    await bench.set(connack_code=code)
    async with raw(bench) as client:
        assert await client.connect(code="87654321") == code
        assert await client.is_cut()
    assert (await bench.get("/counters"))["refused_logins"] == 1


async def test_r07_paho_hears_the_refusal(bench: Bench) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.username_pw_set("bblp", "wrong")
    client.tls_set_context(bench.tls())
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    loop = asyncio.get_running_loop()

    def on_connect(*arguments: Any) -> None:
        loop.call_soon_threadsafe(heard.set_result, str(arguments[3]))

    client.on_connect = on_connect
    await asyncio.to_thread(client.connect, "127.0.0.1", bench.ready.mqtt_port)
    client.loop_start()
    async with asyncio.timeout(5):
        assert await heard == "Not authorized"
    await asyncio.to_thread(client.loop_stop)


async def test_r07_mqtt_5_is_not_spoken(bench: Bench) -> None:
    async with raw(bench) as client:
        client.send(mqtt.CONNECT, b"\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x01x")
        assert await client.receive() == (mqtt.CONNACK, b"\x00\x01")
        assert await client.is_cut()
    assert await violations(bench) == {"bad_packet": 1}


async def test_r08_report_topic_is_granted_at_qos_0(bench: Bench) -> None:
    async with raw(bench) as client:
        await client.connect()
        client.subscribe(REPORT, qos=1)
        assert await client.receive() == (mqtt.SUBACK, b"\x00\x01\x00")


@pytest.mark.parametrize("topic", ["#", "device/+/report", REPORT.replace("report", "+"), REQUEST])
async def test_r08_wildcard_subscription_drops_connection(bench: Bench, topic: str) -> None:
    async with raw(bench) as client:
        await client.connect()
        client.subscribe(topic)
        assert await client.is_cut()
    assert sum((await violations(bench)).values()) == 1


@pytest.mark.parametrize("topic", ["#", "device/+/report"])
async def test_r08_mosquitto_sub_with_wildcard_gets_nothing(bench: Bench, topic: str) -> None:
    seen = await asyncio.to_thread(_mosquitto, bench, topic)
    assert seen.stdout == ""
    assert "wildcard_subscription" in await violations(bench)


async def test_r08_mosquitto_sub_gets_reports(bench: Bench) -> None:
    seen = await asyncio.to_thread(_mosquitto, bench, REPORT)
    assert json.loads(seen.stdout)["print"]["command"] == "push_status"


def _mosquitto(bench: Bench, topic: str) -> "subprocess.CompletedProcess[str]":
    argv = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(bench.ready.mqtt_port)]
    login = ["-u", "bblp", "-P", CODE, "--cafile", bench.ready.ca_file, "--insecure"]
    argv += [*login, "--tls-version", "tlsv1.2", "-t", topic, "-C", "1", "-W", "1"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)


@pytest.mark.parametrize("is_dropped", [False, True])
async def test_r08_wrong_serial_is_silence(bench: Bench, *, is_dropped: bool) -> None:
    await bench.set(wrong_serial_subscription="drop" if is_dropped else "silence")
    async with raw(bench) as client, bench.mqtt() as other:
        await client.connect()
        client.subscribe("device/01P00A000000002/report")
        if is_dropped:
            assert await client.is_cut()
            return
        assert (await client.receive())[0] == mqtt.SUBACK
        await other.full()
        client.send(mqtt.PINGREQ)
        assert await client.receive() == (mqtt.PINGRESP, b"")


@pytest.mark.parametrize("is_acknowledged", [False, True])
async def test_r09_qos_1_is_processed_without_puback(
    bench: Bench, *, is_acknowledged: bool
) -> None:
    await bench.set(puback=is_acknowledged)
    async with raw(bench) as client:
        await client.connect()
        client.subscribe(REPORT)
        client.publish(VERSION, qos=1)
        kinds = await client.until(mqtt.PUBLISH)
        client.send(mqtt.PINGREQ)
        kinds += await client.until(mqtt.PINGRESP)
    assert (await bench.get("/counters"))["qos1_publishes"] == 1
    assert (mqtt.PUBACK in kinds) is is_acknowledged


async def test_r09_aiomqtt_waits_in_vain_at_qos_1(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        with pytest.raises(aiomqtt.MqttError):
            await talk.client.publish(REQUEST, VERSION, qos=1, timeout=0.3)
        assert (await talk.echo("info", "get_version"))["sequence_id"] == "5"


async def test_r10_duplicate_is_processed_again(bench: Bench) -> None:
    async with raw(bench) as client:
        await client.connect()
        client.subscribe(REPORT)
        client.publish(VERSION, qos=1)
        client.publish(VERSION, qos=1, is_duplicate=True)
        await _echoes(client, 2)
    assert (await bench.get("/counters"))["duplicates"] == 1


async def _echoes(client: RawMQTT, count: int) -> None:
    while count:
        _, body = await client.receive()
        count -= b"get_version" in body


async def test_r11_one_client_too_many_is_refused(start: Start) -> None:
    async with start(client_limit=1) as bench, bench.mqtt(), raw(bench) as second:
        assert await second.connect(client_id="second") == 3
        assert await second.is_cut()


async def test_r11_or_the_oldest_is_dropped(start: Start) -> None:
    async with start(client_limit=1, client_limit_drops="oldest") as bench, raw(bench) as first:
        await first.connect(client_id="first")
        async with raw(bench) as second:
            assert await second.connect(client_id="second") == 0
            assert await first.is_cut()


async def test_r11_default_limit_is_4(bench: Bench) -> None:
    async with bench.mqtt(), bench.mqtt(), bench.mqtt(), bench.mqtt(), raw(bench) as fifth:
        assert await fifth.connect(client_id="fifth") == 3


async def test_same_client_id_evicts(bench: Bench) -> None:
    async with raw(bench) as first, raw(bench) as second:
        await first.connect(client_id="twin")
        await second.connect(client_id="twin")
        assert await first.is_cut()


async def test_r12_ping_is_answered_and_silence_is_dropped(bench: Bench) -> None:
    async with raw(bench) as client:
        await client.connect(keepalive=1)
        client.send(mqtt.PINGREQ)
        assert await client.receive() == (mqtt.PINGRESP, b"")
        began = asyncio.get_running_loop().time()
        assert await client.is_cut()
        assert asyncio.get_running_loop().time() - began >= 1.4


@pytest.mark.parametrize("answer", ["drop", "ignore"])
async def test_r13_long_request(bench: Bench, answer: str) -> None:
    await bench.set(long_request=answer)
    async with raw(bench) as client:
        await client.connect()
        client.subscribe(REPORT)
        client.publish(json.dumps({"info": {"command": "get_version", "x": "y" * 5000}}).encode())
        if answer == "drop":
            assert await client.is_cut()
        else:
            client.publish(VERSION)
            await _echoes(client, 1)
    assert await violations(bench) == {"long_request": 1}


async def test_r14_nothing_is_retained(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        await talk.full()
    await bench.post("/screen/dismiss")
    async with bench.mqtt() as talk:
        async for message in talk.client.messages:
            assert not message.retain
            assert isinstance(message.payload, bytes)
            assert json.loads(message.payload)["print"]["msg"] == 1
            break


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe",
        b"[1, 2]",
        b'"text"',
        b'{"user_id": "123"}',
        b'{"print": {"sequence_id": "1"}}',
        b'{"print": {"command": 7}}',
        b'{"print": {"sequence_id": "1", "command": "no_such_thing"}}',
        b'{"nonsense": {"sequence_id": "1", "command": "pause"}}',
        b'{"print": {"command": "project_file", "url": "ftp:///a\\u0000b", "ams_mapping": 3}}',
        b'{"print": {"command": "project_file", "url": "ftp:///\\ud800", "param": []}}',
    ],
)
async def test_r15_nonsense_is_ignored(bench: Bench, payload: bytes) -> None:
    async with bench.mqtt() as talk:
        await talk.client.publish(REQUEST, payload)
        await talk.send("info", "get_version")
        seen = await talk.until(lambda message: "info" in message)
    known = {"push_status", "project_file"}
    assert all(m["print"]["command"] in known for m in seen if "print" in m)


async def test_r15_line_ends_may_stand_in_texts(bench: Bench) -> None:
    payload = b'{"print":{"sequence_id":2006,"command":"gcode_line","param":"M140 S55 \n"}}'
    async with bench.mqtt() as talk:
        await talk.client.publish(REQUEST, payload)
        await talk.report(bed_target_temper=55)


@pytest.mark.parametrize("is_answered", [False, True])
async def test_r15_an_unknown_command_may_be_answered(bench: Bench, *, is_answered: bool) -> None:
    await bench.set(echoes_unknown_commands=is_answered)
    async with bench.mqtt() as talk:
        await talk.send("print", "dance")
        await talk.send("info", "get_version")
        seen = await talk.until(lambda message: "info" in message)
    commands = [message.get("print", {}).get("command") for message in seen]
    assert ("dance" in commands) is is_answered


async def test_r15_extra_keys_do_no_harm(bench: Bench) -> None:
    async with bench.mqtt() as talk:
        extra = {"user_id": "1", "info": {"sequence_id": "9", "command": "get_version"}}
        await talk.client.publish(REQUEST, json.dumps(extra))
        assert (await talk.echo("info", "get_version"))["sequence_id"] == "9"


async def test_r16_three_types_in_one_publish(bench: Bench) -> None:
    together = {
        "pushing": {"command": "pushall"},
        "info": {"command": "get_version"},
        "upgrade": {"command": "get_history"},
    }
    async with bench.mqtt() as talk:
        await talk.client.publish(REQUEST, json.dumps(together))
        kinds: set[str] = set()

        def has_both(message: dict[str, Any]) -> bool:
            is_full = message.get("print", {}).get("msg") == 0
            kinds.add("full" if is_full else next(iter(message)))
            return {"full", "info"} <= kinds

        await talk.until(has_both)


class TestFaults:
    """Requirement 17."""

    async def test_r17_stall_answers_pings_only(self, bench: Bench) -> None:
        async with raw(bench) as client:
            await client.connect()
            client.subscribe(REPORT)
            await client.receive()
            await bench.set(reports_stall=True)
            client.publish(VERSION)
            client.publish(b'{"pushing": {"command": "pushall"}}')
            client.send(mqtt.PINGREQ)
            assert mqtt.PINGRESP in await client.until(mqtt.PINGRESP)
            assert (await bench.get("/counters"))["pushalls"] == 1
            client.publish(b'{"pushing": {"command": "start"}}')  # requirement 21
            await client.until(mqtt.PUBLISH)
        assert not (await bench.get("/faults"))["reports_stall"]

    async def test_r17_half_dead_until_reconnect(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await bench.set(half_dead=True)
            await talk.send("system", "ledctrl", **LIGHT_OFF)
            assert (await talk.full())["lights_report"][0]["mode"] == "on"
        async with bench.mqtt() as talk:
            assert (await talk.ask("system", "ledctrl", **LIGHT_OFF))["result"] == "success"

    async def test_r17_delayed_and_lost_echo(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await bench.set(echo_delay_s=300)
            asked_s = (await bench.get("/state"))["printer_s"]
            await talk.ask("info", "get_version")
            assert (await bench.get("/state"))["printer_s"] - asked_s >= 300
            await bench.set(echo_is_lost=True, echo_delay_s=0)
            await talk.send("system", "ledctrl", **LIGHT_OFF)
            seen = await talk.report(lights_report=[{"node": "chamber_light", "mode": "off"}])
            assert all("system" not in message for message in seen)

    async def test_r17_doubled_report(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await bench.set(report_is_doubled=True)
            first = await talk.full()
            seen = await talk.until(lambda message: message.get("print", {}).get("msg") == 0)
        assert seen[-1]["print"] == first

    async def test_r17_invalid_utf8(self, bench: Bench) -> None:
        await bench.set(report_has_bad_utf8=True)
        async with bench.mqtt() as talk:
            await talk.send("pushing", "pushall")
            async for message in talk.client.messages:
                payload = message.payload
                break
        assert isinstance(payload, bytes)
        with pytest.raises(UnicodeDecodeError):
            payload.decode()
        assert json.loads(payload.decode(errors="replace"))["print"]["ipcam_name"]

    async def test_r17_swapped_reports(self, bench: Bench) -> None:
        async with bench.mqtt() as talk:
            await talk.full()
            await bench.set(reports_are_swapped=True)
            for error in (83902465, 83902466):
                await bench.post("/incidents", {"outcome": "none", "print_error": error})
            seen = await talk.until(lambda m: m["print"].get("print_error") == 83902465)
        first, second = (int(message["print"]["sequence_id"]) for message in seen[-2:])
        assert first == second + 1

    async def test_r17_forced_disconnect(self, bench: Bench) -> None:
        async with raw(bench) as client:
            await client.connect()
            await bench.set(disconnect_every_s=60)
            assert await client.is_cut()
