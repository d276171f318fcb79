"""What nodes and services say of their own accord: one sentence each, with a code.

A sentence is written into facts as English text. Whoever shows it in another language needs to
know which one it is and with which values: `saying_of` tells that from the same list. What a
person or a printer said is none of these; a printer's own messages have the maker's codes.
"""

import re
from enum import StrEnum
from functools import cache, lru_cache

from pydantic import BaseModel, ConfigDict, Field

_PARAM = re.compile(r"\{(\w+)\}")


class Saying(BaseModel):
    """Which sentence a text is, for translators; a sentence that changes gets another code."""

    model_config = ConfigDict(frozen=True)

    code: str = Field(max_length=48, description="snake_case, stable")
    params: dict[str, str]


class Sentence(StrEnum):
    """The sentences; the code is the name in small letters."""

    # how a start or a print went, by the node's evidence
    START_INTERRUPTED = (
        "The connection to the printer broke during the start, and its reports don't say "
        "whether it took the job. Look at the printer before deciding."
    )
    START_NOT_SHOWN = (
        "The job was sent, but the printer's reports show no start. Look at the printer before "
        "deciding."
    )
    PRINTS_SOMETHING_ELSE = "The printer is printing “{name}”, which was not started from here."
    SPEAKS_OF_SOMETHING_ELSE = (
        "The printer now speaks of “{name}”; how this print ended is unknown."
    )
    IDLE_WITHOUT_END = "The printer says that it is idle, and not how the print ended."
    PRINT_FORGOTTEN = (
        "The printer no longer knows this print: it was probably without power. "
        "How far the print came is unknown."
    )
    STOPPED = "The print was stopped."
    STOPPED_AT_PRINTER = "The print was stopped at the printer."
    FAILED_WITHOUT_WHY = "The printer says that the print failed, and not why."
    JOB_REFUSED = "The printer refused the job: {why}"
    PAUSED = "The print is paused."
    PAUSED_BY_PROGRAM = "paused by the program"
    PAUSED_FILAMENT_OUT = "paused: the filament ran out"
    PAUSED_BY_PERSON = "paused by a person"
    PAUSED_FRONT_COVER = "paused: the front cover fell off"
    PAUSED_NOZZLE_TEMPERATURE = "paused: the nozzle's temperature"
    PAUSED_BED_TEMPERATURE = "paused: the bed's temperature"
    PAUSED_LOST_STEPS = "paused: a motor lost steps"
    PAUSED_NO_AMS = "paused: the AMS is gone"
    PAUSED_FAN = "paused: the heatbreak fan"
    PAUSED_CHAMBER_TEMPERATURE = "paused: the chamber's temperature"
    PAUSED_NOZZLE_COVERED = "paused: the nozzle is covered"
    PAUSED_CUTTER = "paused: the cutter"
    PAUSED_FIRST_LAYER = "paused: the first layer"
    PAUSED_NOZZLE_CLOGGED = "paused: the nozzle is clogged"
    JOURNAL_RESTORED = (
        "The node's journal was restored from an old copy, so that what happened since is unknown. "
        "Look at the printer before deciding."
    )
    # why a run was given back before its start
    NOT_FREE = "The printer is not free: it says {state}."
    UPDATING = "The printer is updating its firmware."
    NO_CARD = "The printer has no memory card."
    OTHER_MODEL = "The file is for model {needs}, the printer is {has}."
    OTHER_NOZZLE = "The file is for a {needs_mm} mm nozzle, not {has_mm} mm."
    NO_AMS = "The job takes filament from an AMS, and the printer has none."
    OTHER_SPOOL = "The job needs {needs}, on the external spool is {has}."
    NO_TRAY_CHOSEN = "No tray is chosen for the job's {needs} (filament {index})."
    EMPTY_TRAY = "The job needs {needs}, in tray {tray} is nothing."
    OTHER_IN_TRAY = "The job needs {needs}, in tray {tray} is {has}."
    DECIDED_MEANWHILE = "A person has decided about the run."
    CANCELLED_BEFORE_START = "Cancelled before the start."
    NOT_THERE_IN_TIME = "The job was not on the printer within {seconds} s."
    NO_FRESH_ADDRESS = "No fresh address for the file: {why}."
    BED_NOT_CLEAR_ANY_MORE = "The bed is not clear (any more)."
    NOT_FETCHED = "The file could not be fetched ({why})."
    NODE_DISK_FULL = "The node's disk is too full for the file."
    LONGER_THAN_APPROVED = "The file in the storage is longer than the approved one."
    NOT_THE_APPROVED = "The file in the storage is not the approved one."
    STORAGE_REFUSED = "The storage refused the file ({status})."
    STORAGE_LACKS_FILE = "The storage doesn't have the file ({status})."
    PARTLY_ON_PRINTER = "The printer has {arrived} of {size} bytes."
    UPLOAD_TOO_SLOW = "The upload took longer than {seconds} s."
    FILES_SILENT = "The printer's file server didn't answer in time."
    FILES_AWAY = "The printer's file server doesn't answer: {why}."
    FILES_REFUSED = "The printer's file server turns us away ({why})."
    FILES_SAID = "The printer's file server said {why}."
    FILES_CODE_REFUSED = "The printer's file server refuses the access code ({why})."
    TRANSFER_BROKE_OFF = "The transfer broke off: {why}."
    CARD_REFUSED = (
        "The printer's card doesn't take the file ({why}). Check that it is in, "
        "not full and not write-protected."
    )
    # why a printer can't be heard
    NOT_CONNECTED = "The printer is not connected."
    NOT_CONNECTED_WHY = "The printer is not connected: {why}."
    NO_SESSION = "No session with printer {serial}: {why}."
    ACCESS_CODE_REFUSED = (
        "Printer {serial} refuses the access code. Read the code on its screen "
        "(Settings, Network) and enter it in the node's settings."
    )
    NO_CERTIFICATE = "The printer showed no certificate."
    ANOTHER_ANSWERS = (
        "At {host} answers {name}, not printer {serial}. Check BAMBU_IP and BAMBU_SERIAL."
    )
    PRINTER_NOT_PROVED = (
        "Whoever answers at {host} can't prove to be printer {serial} ({why}). "
        "If the printer was repaired or replaced, run `layerline-edge trust --renew`."
    )
    PRINTER_NOT_PROVED_BY_CA = (
        "Whoever answers at {host} can't prove to be printer {serial} ({why}). "
        "Check the CA file {file}."
    )
    CA_FILE_UNUSABLE = "The CA file {file} can't be used: {why}."
    NO_FULL_REPORT_IN_TIME = "The printer sent no full report within {seconds} s."
    NO_FULL_REPORT = "The printer has sent no full report."
    STOPPED_REPORTING = "The printer has stopped reporting."
    TAKES_NO_ORDERS = "The printer reports, but takes no orders."
    # what lies on a bed
    NOT_SEEN_BEFORE = "This node has not seen the printer before."
    START_UNDER_WAY = "A print is being started."
    PRINTING = "The printer is printing."
    PRINTING_NAMED = "The printer prints “{name}”."
    FOREIGN_ON_BED = "The printer speaks of “{name}”, not started from here."
    SAID_EMPTY = "A person says that the plate is empty."
    WORD_TAKEN_BACK = "“Bed clear” was taken back."
    # why a command has no effect
    NEW_JOURNAL_ASK_AGAIN = "The node has a new journal: look at the printer and ask again."
    COMMAND_TOO_LATE = "The command came too late to be carried out."
    NO_SUCH_SPEED = "The speed is a level from 1 to 4."
    UNKNOWN_COMMAND = "This node doesn't know the command."
    PRINT_NOT_ENDED = (
        "A print was sent to this printer and has not ended. Say first what became of it."
    )
    BED_ALREADY = "The bed is {state} already."
    BED_CHANGED = "The bed has changed since: it is {state} now (number {now}, not {asked})."
    RUN_HAD_ENDED = "The run had already ended: {state}."
    RUN_IN_DOUBT = "Nobody knows whether this print runs: look at it and resolve it."
    UNKNOWN_RUN = "This node doesn't know the run."
    RUN_IS = "The run is {state}."
    # what services say of a job or a run
    TRANSFER_LATE = (
        "The file should have reached the printer by now. Look at the node and its network."
    )
    START_LATE = "Nothing was heard of the start. Look at the printer: does it print?"
    PRINT_LATE = "The print takes far longer than expected. Look at the printer."
    MEMORY_LOST = (
        "The node has lost its memory of this run and will not tell how it ends. "
        "Look at the printer."
    )
    ANSWER_LOST = "The answer to the claim never reached the node."
    NEW_JOURNAL = "The node has a new journal: what became of this run is not sure."
    CANCELLED_AS_ASKED = "Cancelled as asked, before the print began."
    NOBODY_DECIDED = "Nobody decided within {days} days. Submit it again."
    # why a file is not taken, with the values of the case
    FILE_FOR_OTHER_MODEL = (
        "Plate {plate} is sliced for the {needs}; printed is here on {here}. "
        "Choose {here} in your slicer and slice again."
    )
    FILE_FOR_OTHER_NOZZLE = (
        "Plate {plate} is sliced for a {needs_mm} mm nozzle; there are {here_mm} mm. "
        "Choose another nozzle in your slicer and slice again."
    )

    @property
    def code(self) -> str:
        """Return what translators know it by."""
        return self.name.lower()

    @property
    def params(self) -> tuple[str, ...]:
        """Return the names of its values, in their order."""
        return tuple(dict.fromkeys(_PARAM.findall(self.value)))

    def say(self, **params: object) -> str:
        """Return the English text; raise KeyError if a value is missing."""
        return self.value.format_map(params)


@lru_cache(maxsize=4096)
def saying_of(text: str | None) -> Saying | None:
    """Return which sentence a text is; None for a person's, a printer's or an older one's words."""
    if not text:
        return None
    sentence = _WITHOUT_VALUES.get(text)
    if sentence is not None:
        return Saying(code=sentence.code, params={})
    for each, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found is not None:
            return Saying(code=each.code, params=found.groupdict())
    return None


_WITHOUT_VALUES = {each.value: each for each in Sentence if not each.params}


@cache
def _patterns() -> tuple[tuple[Sentence, re.Pattern[str]], ...]:
    return tuple((each, _pattern(each)) for each in Sentence if each.params)


def _pattern(sentence: Sentence) -> re.Pattern[str]:
    """Return what matches the sentence with any values; one that comes twice is the same twice."""
    parts = _PARAM.split(sentence.value)
    return re.compile(
        "".join(
            _value(part, is_again=part in parts[1:place:2]) if place % 2 else re.escape(part)
            for place, part in enumerate(parts)
        ),
        re.DOTALL,
    )


def _value(name: str, *, is_again: bool) -> str:
    return f"(?P={name})" if is_again else f"(?P<{name}>.{{1,500}}?)"
