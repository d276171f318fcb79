"""`python -m tests.integration.api.reviving`: an API that dies at labels, and is back at once.

This process has imported all that an API needs; each life is a fork of it.
"""

import os
import signal
import sys
from importlib import import_module
from pathlib import Path

from services.cli.main import main as layerline
from tests.chaos.arming import Files
from tests.chaos.launch import FOLDER, wrap_labels


def main() -> None:
    """Serve until something other than SIGKILL ends a life."""
    import_module("services.api.main")
    wrap_labels("api", Files(Path(os.environ[FOLDER]), "api"))
    while True:
        child = os.fork()
        if child == 0:
            layerline(["api"])
            return
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code != -signal.SIGKILL:
            sys.exit(abs(code))


if __name__ == "__main__":
    main()
