"""What a P1S says beside the print: nothing of its report is overlooked."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.bambu.messages import PushStatus, Version
from edge.bambu.report import Stamp, read_report
from edge.parts import AmsUnit, Card, Fans, Feed, FirmwareUpdate, Parts, Spool
from edge.printer import PrinterReport
from edge.simulator.ams import Loaded
from edge.simulator.report import idle_report
from tests.unit.edge.builders import SERIAL

UNUSED = {
    "upload": "the cloud's uploads",
    "chamber_temper": "a P1S has no sensor: always 5",
    "mc_print_stage": "gcode_state says it",
    "mc_print_sub_stage": "mostly 0",
    "ams_status": "what the AMS does between the states that stg_cur tells",
    "ams_rfid_status": "as ams_status",
    "lifecycle": "always product",
    "gcode_file_prepare_percent": "the cloud's downloads",
    "queue_number": "the cloud's queue",
    "queue_total": "the cloud's queue",
    "queue_est": "the cloud's queue",
    "queue_sts": "the cloud's queue",
    "project_id": "the cloud's",
    "profile_id": "the cloud's",
    "force_upgrade": "upgrade_state says it",
    "mess_production_state": "the factory's",
    "filam_bak": "which slots stand in for which: told by no one who asked",
    "fan_gear": "the four fans' speeds say it",
    "cali_version": "the factory's",
    "k": "the filament's own value",
    "flag3": "not known",
    "online": "whether AMS hub and reader answer: their faults are health messages",
    "command": "read before",
    "msg": "read before",
    "sequence_id": "the printer's own count",
}
"""Keys of a full report that nobody reads, and why."""


def full(**changes: object) -> dict[str, Any]:
    report = idle_report("192.168.1.50", Loaded(), idle_stage=255, nozzle_mm="0.4")
    return dict(report) | changes


def read(state: dict[str, Any]) -> PrinterReport:
    stamp = Stamp("s", 1.0, 1.0, is_full=True)
    return read_report(state, stamp, serial=SERIAL, version=Version(firmware=None, model=None))


def parts(**changes: object) -> Parts:
    return read(full(**changes)).parts


def test_every_key_of_a_full_report_is_read_or_left_with_a_reason() -> None:
    assert set(full()) - set(PushStatus.model_fields) == UNUSED.keys() & set(full())
    assert not UNUSED.keys() & PushStatus.model_fields.keys()


def test_an_idle_printer() -> None:
    told = parts()
    assert told.fans == Fans(part=0, auxiliary=0, chamber=0, heatbreak=0)
    assert told.card is Card.PRESENT
    assert told.ams == ()
    assert told.wifi_dbm is not None
    assert -100 < told.wifi_dbm < 0
    assert told.address == "192.168.1.50"
    assert told.nozzle_material == "stainless_steel"
    assert told.records is True
    assert told.records_timelapse is False
    assert told.update is None


def test_fans_are_told_in_percent() -> None:
    told = parts(cooling_fan_speed="15", big_fan1_speed="6", big_fan2_speed="16")
    assert told.fans == Fans(part=100, auxiliary=40, chamber=None, heatbreak=0)


@pytest.mark.parametrize(
    ("changes", "card"),
    [
        ({"sdcard": False}, Card.MISSING),
        ({"sdcard": True, "home_flag": 0x200}, Card.FAULTY),
        ({"sdcard": True, "home_flag": 0x100}, Card.PRESENT),
        ({"sdcard": None, "home_flag": None}, Card.PRESENT),
    ],
)
def test_the_card(changes: dict[str, object], card: Card) -> None:
    assert parts(**changes).card is card


def test_homed_axes() -> None:
    assert parts(home_flag=0x103).homed == {"x", "y"}
    assert parts(home_flag=-1 & 0xFFFFFFFF).homed == {"x", "y", "z"}


def test_the_ams_and_what_it_feeds() -> None:
    units = [{"id": "0", "humidity": "2", "temp": "27.5", "tray": []}, {"id": "1"}, "?"]
    told = parts(
        ams={"ams": units, "tray_now": "1", "tray_tar": "255", "tray_pre": "0"}, hw_switch_state=1
    )
    assert told.ams == (AmsUnit(0, 2, 27.5), AmsUnit(1, None, None))
    assert told.feed == Feed(active_slot=1, target_slot=None, is_at_extruder=True)


def test_spools_of_the_ams_and_outside() -> None:
    makers = {
        "id": "1",
        "tray_type": "PLA",
        "tray_info_idx": "GFA00",
        "tray_sub_brands": "PLA Basic",
        "tray_color": "F2754EFF",
        "cols": ["F2754EFF"],
        "tray_weight": "1000",
        "remain": 60,
        "tray_diameter": "1.75",
        "nozzle_temp_min": "190",
        "nozzle_temp_max": "230",
        "bed_temp": "35",
        "tray_temp": "55",
        "tray_time": "8",
        "k": 0.02,
        "tag_uid": "A1B2C3D4E5F60708",
    }
    mixed = {"id": "2", "tray_type": "PLA", "tray_color": "FF0000FF"}
    mixed["cols"] = ["FF0000FF", "0000ffFF", 3]  # type: ignore[assignment]
    told = parts(
        ams={"ams": [{"id": "1", "tray": [{"id": "0"}, makers, mixed, "?"]}, {"id": "0"}]},
        vt_tray={"id": "254", "tray_type": "TPU", "tray_color": "161616FF", "remain": 0},
    )
    first, second, outside = told.spools
    assert first == Spool(
        slot=5,
        material="PLA",
        material_id="GFA00",
        brand="PLA Basic",
        colors=("#F2754E",),
        full_g=1000,
        remaining_percent=60,
        diameter_mm=1.75,
        nozzle_min_c=190,
        nozzle_max_c=230,
        bed_c=35,
        drying_c=55,
        drying_h=8,
        pressure_advance=0.02,
        tag="A1B2C3D4E5F60708",
    )
    assert (second.slot, second.colors, second.tag) == (6, ("#FF0000", "#0000FF"), None)
    assert (outside.slot, outside.material, outside.full_g) == (254, "TPU", None)


def test_an_update_that_runs() -> None:
    state = {"status": "DOWNLOADING", "progress": "35", "message": "35%, 9B/s", "module": "ota"}
    report = read(full(upgrade_state=state))
    assert report.is_updating
    assert report.parts.update == FirmwareUpdate("ota", "35%, 9B/s", 35)


def test_the_print_beside_its_progress() -> None:
    report = read(
        full(
            gcode_state="PREPARE",
            gcode_file="a.gcode.3mf",
            task_id="77",
            print_type="local",
            stg=[2, 14, 99],
            spd_mag=124,
        )
    )
    assert (report.file_name, report.task_id, report.print_kind) == ("a.gcode.3mf", "77", "local")
    assert report.stages_ahead == ("heating the bed", "cleaning the nozzle")
    assert report.speed_percent == 124


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(PushStatus.model_fields)), JSON, max_size=8))
def test_nonsense_is_no_reading(changes: dict[str, Any]) -> None:
    told = read(full(**changes)).parts
    for percent in (told.fans.part, told.fans.auxiliary, told.fans.chamber, told.fans.heatbreak):
        assert percent is None or 0 <= percent <= 100
    assert all(unit.index >= 0 for unit in told.ams)
