"""What outlives the process: the last outcome, the plate, the counts, mode and code."""

import json
from pathlib import Path
from typing import Any

from edge.simulator.card import Card
from edge.simulator.commands import Credentials
from edge.simulator.job import ENDED, OUTCOME, Tally
from edge.simulator.machine import Machine
from edge.simulator.switches import SwitchBoard


class Memory:
    """One JSON file, replaced as a whole when something in it changes."""

    def __init__(
        self,
        path: Path,
        machine: Machine,
        card: Card,
        board: SwitchBoard,
        credentials: Credentials,
    ) -> None:
        self._path = path
        self._machine, self._card = machine, card
        self._board, self._credentials = board, credentials
        self._given_code = credentials.access_code
        self._saved: dict[str, Any] = {}

    def recall(self) -> None:
        """Take up what was saved; the mode and its code only if the same code is given again."""
        if not self._path.exists():
            return
        saved = json.loads(self._path.read_text(encoding="utf-8"))
        self._machine.tally = Tally(**saved["tally"])
        self._card.is_inserted = saved["card_is_inserted"]
        self._machine.set_card(is_inserted=self._card.is_inserted)
        self._machine.recall(saved["outcome"])
        if saved["given_code"] == self._given_code and saved["access_code"] != self._given_code:
            self._credentials.access_code = saved["access_code"]
            self._board.change({"mode": saved["mode"]})

    def save(self) -> None:
        """Write what has changed, if anything."""
        report, tally = self._machine.report, self._machine.tally
        is_ended = report["gcode_state"] in ENDED
        now: dict[str, Any] = {
            "outcome": {key: report[key] for key in OUTCOME} if is_ended else {},
            "tally": {
                "part_on_plate": tally.part_on_plate,
                "collisions": tally.collisions,
                "starts": dict(tally.starts),
            },
            "card_is_inserted": self._card.is_inserted,
            "given_code": self._given_code,
            "access_code": self._credentials.access_code,
            "mode": self._board.now.mode,
        }
        if now == self._saved:
            return
        self._saved = now
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps(now), encoding="utf-8")
        fresh.replace(self._path)
