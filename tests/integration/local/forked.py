"""What forks do in tests."""

import json
import os
import signal
import sys


def tell() -> int:
    """Say what this process was given; end with 7."""
    told = {"argv": sys.argv, "env": dict(os.environ), "session": os.getsid(0)}
    sys.stdout.write(json.dumps(told))
    return 7


def stay() -> None:
    """Say `ready` and stay."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    signal.pause()
