"""The command `layerline-edge replay`."""

import json
from collections.abc import Sequence
from pathlib import Path

from edge.replay.captured import read_captures
from edge.replay.rendering import as_document, as_text
from edge.replay.replaying import replay
from edge.timing import Timing


def replay_files(paths: Sequence[Path], *, as_json: bool, time_scale: float = 1.0) -> str:
    """Return the timeline of these files, in their order; raise OSError or NotACapture.

    `time_scale` is that of the simulator that the capture comes from.
    """
    # A node names its captures by the serial, which tells the model.
    serial = paths[0].name.split(".")[0]
    timing = Timing().scaled(time_scale)
    timeline = replay(read_captures(paths), serial=serial, timing=timing)
    if as_json:
        return json.dumps(as_document(timeline), indent=2, ensure_ascii=False) + "\n"
    return as_text(timeline)
