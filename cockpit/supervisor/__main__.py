"""`python -m cockpit.supervisor REPOSITORY`: be the supervisor of a repository."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from pathlib import Path

from cockpit.providers.process_tree import install_child_watcher
from cockpit.supervisor.daemon import AlreadyRunning, serve


def main() -> int:
    """Serve until told to end. Returns the exit status."""
    root = Path(sys.argv[1])
    install_child_watcher()
    try:
        asyncio.run(_until_signalled(root))
    except AlreadyRunning:
        return 0
    except Exception as error:  # the edge of the process: whoever started it reads this line
        logging.getLogger(__name__).exception("the supervisor ended")
        print(f"{type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201  this is its way to say so
        return 1
    return 0


async def _until_signalled(root: Path) -> None:
    serving = asyncio.ensure_future(serve(root))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        await serving
    except asyncio.CancelledError:
        logging.getLogger(__name__).info("ended by a signal; agents go on")


sys.exit(main())
