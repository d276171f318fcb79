"""The printer itself: takes a job, heats, homes, prints, ends. Pure: time comes in.

All seconds are printer seconds. `report` is what the printer would say now.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from edge.simulator.ams import FEEDING, Filament, Loaded, ams_block, external_spool
from edge.simulator.incidents import (
    CARD_REMOVED,
    EXTERNAL_FEEDS_OUT,
    RUNOUT_STAGE,
    USER_PAUSE_STAGE,
    Incident,
    runout_codes,
)
from edge.simulator.job import (
    BUSY,
    ENDED,
    ERROR_BUSY,
    ERROR_CANCELLED,
    ERROR_NO_CARD,
    ERROR_NO_MAPPING,
    ERROR_NO_MAPPING_AMS,
    ERROR_PAUSED,
    ERROR_POWER_LOSS,
    OUTCOME,
    Job,
    Tally,
)
from edge.simulator.orders import JobOrder
from edge.simulator.program import Program, Unprintable
from edge.simulator.report import CARD_NORMAL, Report, idle_report
from edge.simulator.switches import Switches
from edge.simulator.thermal import cold_bed, cold_nozzle, wifi_dbm
from edge.simulator.timeline import plan

CANCEL_TAKES_S, CANCEL_CLEARS_AFTER_S = 1.5, 2.0
"""[K] PYB for the reset, [E] 1-5 s until FAILED."""
LOADING_S = 20.0
LOADING_STAGE = 24


class Machine:
    """One printer."""

    def __init__(self, host: str, content: Loaded, switches: Callable[[], Switches]) -> None:
        self._host, self._switches = host, switches
        self.content = content
        self.tally = Tally()
        self.incidents: list[Incident] = []
        self.recovers_power_loss: bool | None = None
        """As it was set by a print_option; None: as the switch says."""
        self.report: Report = self._idle()
        self._job: Job | None = None
        self._timers: dict[str, tuple[float, Callable[[], None]]] = {}
        self._seen_ids: set[str] = set()
        self._waits_for_filament = False
        self._now_s = 0.0
        self._nozzle, self._bed = cold_nozzle(), cold_bed()

    @property
    def is_busy(self) -> bool:
        """Whether a job is on the machine."""
        return self.report["gcode_state"] in BUSY

    def start(self, order: JobOrder, outcome: Program | Unprintable) -> None:
        """Take a job, or show why not; `outcome` is what reading its file gives."""
        switches = self._switches()
        if self.is_busy or self._job is not None:
            if switches.busy_start == "cancels_job":
                self.stop()
            else:
                self.report["print_error"] = ERROR_BUSY
        elif switches.upgrade_status != "IDLE":
            self.report["print_error"] = ERROR_BUSY
        elif not self.report["sdcard"]:
            self.report["print_error"] = ERROR_NO_CARD
        elif not self._is_ignored(order, switches):
            self._job = Job(order, outcome)
            self._after(switches.start_delay_s + switches.stale_outcome_s, self._prepare)

    def pause(self) -> bool:
        """Pause a running job; return whether one ran."""
        error = ERROR_PAUSED if self._switches().pause_shows_error else 0
        return self._hold(USER_PAUSE_STAGE, error)

    def resume(self) -> bool:
        """Go on with a paused job; a runout needs filament first. Return whether it goes on."""
        job = self._job
        if self.report["gcode_state"] != "PAUSE" or job is None or job.is_cancelled:
            return False
        if self._waits_for_filament:
            return False
        if self.report["stg_cur"] == RUNOUT_STAGE:
            self.report["stg_cur"] = LOADING_STAGE
            self._after(LOADING_S, self._go_on)
        else:
            self._go_on()
        return True

    def stop(self) -> bool:
        """Cancel the job; return whether there was one. [K] PYB"""
        job = self._job
        if job is None or job.is_cancelled:
            return False
        if not self.is_busy:
            self.report.update(job.adopted())
        job.is_cancelled = True
        self._timers.clear()
        self.report["print_error"] = ERROR_CANCELLED
        self._after(CANCEL_TAKES_S, self._cancelled)
        return True

    def clear_error(self) -> None:
        """Close the error's dialog; the state stays. [S] PYB"""
        self.report.update(print_error=0, hms=[])

    def strike(self, incident: Incident) -> None:
        """Let something happen, now or when the print has come so far."""
        if incident.is_immediate:
            self._befall(incident)
        else:
            self.incidents.append(incident)

    def load(self, tray: int | None, filament: Filament) -> None:
        """Put a spool into an AMS tray, or on the external holder (None)."""
        if tray is None:
            self.show_content(replace(self.content, spool=filament))
        else:
            self.show_content(self.content.with_tray(tray, filament))
        self._waits_for_filament = False
        self.report.update(hw_switch_state=1, hms=[])

    def show_content(self, content: Loaded) -> None:
        """Change what the AMS and the external holder hold."""
        self.content = content
        self.report["vt_tray"] = external_spool(content)
        fed = {key: self.report["ams"][key] for key in FEEDING}
        self.report["ams"] = ams_block(content) | fed

    def set_card(self, *, is_inserted: bool) -> None:
        """Insert or remove the card; a running print loses its file. [S] HMS table"""
        flag = self.report["home_flag"] & ~CARD_NORMAL
        self.report["sdcard"] = is_inserted
        self.report["home_flag"] = flag | CARD_NORMAL if is_inserted else flag
        if not is_inserted and self.report["gcode_state"] == "RUNNING":
            self._befall(Incident(print_error=CARD_REMOVED))

    def boot(self) -> None:
        """Lose what is in memory; card, plate and content stay. [K] PYB; recovery [U]"""
        switches, before, job = self._switches(), self.report, self._job
        had_card = bool(before["sdcard"])
        kept = {key: before[key] for key in OUTCOME if before["gcode_state"] in ENDED}
        self.report = self._idle()
        self.set_card(is_inserted=had_card)
        self._timers.clear()
        recovers = self.recovers_power_loss
        recovers = switches.power_loss_recovery if recovers is None else recovers
        if job is not None and job.moments and recovers:
            names = {key: before[key] for key in OUTCOME} | {"gcode_file": before["gcode_file"]}
            self.report.update(names if switches.recovery_keeps_identity else {})
            self.report.update(gcode_state="PAUSE", stg_cur=0, print_error=ERROR_POWER_LOSS)
            return
        self._job = None
        if kept and not switches.boot_forgets_outcome:
            self.report.update(kept)

    def recall(self, outcome: Report) -> None:
        """Show the last outcome again, as a printer does that was never switched off."""
        self.report.update({key: outcome[key] for key in OUTCOME if key in outcome})

    def next_due_s(self) -> float | None:
        """Return when something happens by itself, None for nothing foreseen."""
        dues = [due for due, _ in self._timers.values()]
        if (due := self._job_due_s()) is not None:
            dues.append(due)
        return min(dues, default=None)

    def advance(self, until_s: float) -> Iterator[bool]:
        """Let time pass; yield at each change: True for one that is told at once."""
        while (due := self.next_due_s()) is not None and due <= until_s:
            self._pass(due)
            yield self._fire(due)
        self._pass(until_s)

    def _idle(self) -> Report:
        switches = self._switches()
        return idle_report(
            self._host,
            self.content,
            idle_stage=switches.idle_stage,
            nozzle_mm=switches.nozzle_mm,
        )

    def _is_ignored(self, order: JobOrder, switches: Switches) -> bool:
        ident = order.ids["subtask_id"]
        is_repeated = ident != "0" and ident in self._seen_ids
        self._seen_ids.add(ident)
        return switches.ignore_start or (is_repeated and switches.repeated_id_is_ignored)

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._timers[action.__name__] = (self._now_s + seconds, action)

    def _job_due_s(self) -> float | None:
        job = self._job
        if job is None or self.report["gcode_state"] != "RUNNING":
            return None
        left_s = job.left_s()
        return None if left_s is None else self._now_s + left_s / self._rate()

    def _rate(self) -> float:
        return float(self.report["spd_mag"]) / 100

    def _pass(self, until_s: float) -> None:
        passed_s = max(0.0, until_s - self._now_s)
        self._now_s = max(self._now_s, until_s)
        report, switches = self.report, self._switches()
        if self._job is not None and report["gcode_state"] == "RUNNING":
            self._job.elapsed_s += passed_s * self._rate()
        self._nozzle = self._nozzle.after(passed_s, float(report["nozzle_target_temper"]))
        self._bed = self._bed.after(passed_s, float(report["bed_target_temper"]))
        report["nozzle_temper"] = self._nozzle.shown(self._now_s)
        if not (switches.bed_report_stops_after_print and report["gcode_state"] == "FINISH"):
            report["bed_temper"] = self._bed.shown(self._now_s)
        report["wifi_signal"] = wifi_dbm(self._now_s)
        report["upgrade_state"]["status"] = switches.upgrade_status

    def _fire(self, due_s: float) -> bool:
        for name, (timer_s, action) in list(self._timers.items()):
            if timer_s <= due_s:
                del self._timers[name]
                action()
                return True
        return self._reach_moment()

    def _reach_moment(self) -> bool:
        job = self._job
        if job is None:
            return False
        moment = job.step()
        self.report.update(moment.changes)
        if moment.changes.get("stg_cur") == 0:
            self.tally.part_on_plate = True
        if moment.is_end:
            self._finish()
        elif moment.pause_stage is not None:
            self._hold(moment.pause_stage, 0)
        else:
            return self._strike_due(job) or moment.is_news
        return True

    def _prepare(self) -> None:
        job = self._job
        if job is None:
            return
        switches = self._switches()
        if isinstance(job.outcome, Unprintable) and switches.bad_file_shows == "only_error":
            self._job = None
            self.report["print_error"] = job.outcome.print_error
            return
        self.report.update(job.adopted())
        self.report["gcode_state"] = "PREPARE"
        self.tally.count_start(job.order.subtask_name)
        if not switches.hang_in_prepare:
            self._after(switches.parse_s, self._parsed)

    def _parsed(self) -> None:
        job = self._job
        if job is None:
            return
        if isinstance(job.outcome, Unprintable):
            self._end("FAILED", print_error=job.outcome.print_error)
            return
        stage = self._switches().gcode_pause_stage
        job.moments = plan(
            job.order, job.outcome, bed=self._bed, nozzle=self._nozzle, pause_stage=stage
        )
        self.report["gcode_state"] = "RUNNING"
        if job.order.uses_ams:
            self._feed_from_ams(job.order)

    def _feed_from_ams(self, order: JobOrder) -> None:
        """Without an AMS or a usable mapping it pauses with a code. [K] BDY#2595"""
        wanted = [tray for tray in order.ams_mapping if tray >= 0]
        if wanted and all(self.content.holds(tray) for tray in wanted):
            self.report["ams"] = ams_block(self.content, tray_now=str(wanted[0]))
            return
        self._hold(
            USER_PAUSE_STAGE, ERROR_NO_MAPPING_AMS if self.content.has_ams else ERROR_NO_MAPPING
        )

    def _fed_by(self) -> str:
        now = str(self.report["ams"]["tray_now"])
        return now if self.is_busy and now.isdecimal() and int(now) < 16 else ""

    def _hold(self, stage: int, error: int) -> bool:
        job = self._job
        if self.report["gcode_state"] != "RUNNING" or job is None or job.is_cancelled:
            return False
        self.report.update(gcode_state="PAUSE", stg_cur=stage, print_error=error)
        return True

    def _go_on(self) -> None:
        self.report.update(gcode_state="RUNNING", print_error=0, hms=[])
        if self._job is not None:
            self.report.update(self._job.where_it_was())

    def _strike_due(self, job: Job) -> bool:
        percent, layer = int(self.report["mc_percent"]), int(self.report["layer_num"])
        for incident in [*self.incidents, *job.incidents_by_switch(self._switches())]:
            if incident.is_due(percent, layer):
                if incident in self.incidents:
                    self.incidents.remove(incident)
                else:
                    job.is_struck = True
                self._befall(incident)
                return True
        return False

    def _befall(self, incident: Incident) -> None:
        error, hms = incident.print_error, incident.hms
        if incident.needs_filament:
            self._waits_for_filament = True
            self.report["hw_switch_state"] = 0
            external = self._switches().external_runout_error or EXTERNAL_FEEDS_OUT
            error, hms = runout_codes(self._fed_by(), external)
            if tray := self._fed_by():
                self.show_content(self.content.with_tray(int(tray), None))
        if hms:
            self.report["hms"] = [entry.model_dump() for entry in hms]
        if incident.outcome == "failed" and self.is_busy:
            self._end("FAILED", print_error=error)
        elif incident.outcome != "pause" or not self._hold(incident.stage, error):
            self.report["print_error"] = error

    def _cancelled(self) -> None:
        self._end("FAILED", layer_num=0, total_layer_num=0)
        self._after(CANCEL_CLEARS_AFTER_S, self._forget_cancel)

    def _forget_cancel(self) -> None:
        if self.report["print_error"] == ERROR_CANCELLED:
            self.report["print_error"] = 0

    def _finish(self) -> None:
        zero: dict[str, Any] = {"mc_percent": 100, "mc_remaining_time": 0}
        if self._switches().total_layers_zero_at_end:
            zero["total_layer_num"] = 0
        self._end("FINISH", **zero)

    def _end(self, state: str, **changes: Any) -> None:
        self._job = None
        self._waits_for_filament = False
        self._timers.clear()
        self.report.update(
            gcode_state=state,
            print_type="idle",
            stg=[],
            stg_cur=self._switches().idle_stage,
            mc_print_stage="1",
            gcode_file="",
            nozzle_target_temper=0,
            bed_target_temper=0,
            cooling_fan_speed="0",
            heatbreak_fan_speed="0",
            ams_status=0,
            spd_lvl=2,
            spd_mag=100,
            ams=ams_block(self.content),
            **changes,
        )
