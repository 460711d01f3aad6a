"""`memloom` with a message that kills the process whenever the memorizer reads it."""

import os
import signal

from services.cli.main import main
from services.memorizer.handlers import messages

DEADLY = "a deadly word"


def _deadly(event: object, *rest: object) -> object:
    if DEADLY in str(event):
        os.kill(os.getpid(), signal.SIGKILL)
    return _READ(event, *rest)  # type: ignore[arg-type]  # as it was called


_READ = messages._refined


if __name__ == "__main__":
    messages._refined = _deadly  # type: ignore[assignment]  # for this process alone
    main()
