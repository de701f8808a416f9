"""A person's checkout, held still by git's own index lock while it is taken along with its branch."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from cockpit.providers.git.admin import Checkout

_OURS = b"cockpit "
_LOG_TAIL_BYTES = 4096


class CheckoutLock:
    """The index lock of a checkout, and a private copy of its index.

    Attributes:
        checkout: Whose lock it is.
        index: Where the copy is.
    """

    def __init__(self, checkout: Checkout, common: Path, index: Path) -> None:
        self.checkout = checkout
        self.index = index
        self._common = common
        self._lock = checkout.admin / "index.lock"
        self._is_held = False

    def take(self) -> bool:
        """Take the lock; False when another process holds it."""
        for _ in range(2):
            try:
                descriptor = os.open(self._lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            except FileExistsError:
                if not self._is_abandoned():
                    return False
                self._lock.unlink(missing_ok=True)
            else:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(_OURS + b"%d\n" % os.getpid())
                self._is_held = True
                return True
        return False

    def copy_index(self) -> None:
        """Make the private copy, with the original's time, by which git knows the entries it must look at again."""
        self.index.unlink(missing_ok=True)
        source = self.checkout.admin / "index"
        with suppress(FileNotFoundError):
            mtime_ns = source.stat().st_mtime_ns
            self.index.write_bytes(source.read_bytes())
            os.utime(self.index, ns=(mtime_ns, mtime_ns))

    def install(self) -> None:
        """Let the private copy become the checkout's index, by git's own protocol: through the lock file."""
        mtime_ns = self.index.stat().st_mtime_ns
        self._lock.write_bytes(self.index.read_bytes())
        os.utime(self._lock, ns=(mtime_ns, mtime_ns))
        self._lock.replace(self.checkout.admin / "index")
        self._is_held = False

    def release(self) -> None:
        """Give the lock up and remove the private copy."""
        if self._is_held:
            self._lock.unlink(missing_ok=True)
            self._is_held = False
        for file in (self.index, self.index.with_name(f"{self.index.name}.lock")):
            file.unlink(missing_ok=True)

    def note_in_head_log(self, branch: str) -> None:
        """Repeat the branch's last log line in the checkout's own log of HEAD, as git itself does."""
        with suppress(OSError):
            with (self._common / "logs" / "refs" / "heads" / branch).open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
                line = log.read().splitlines(keepends=True)[-1:]
            flags = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with os.fdopen(os.open(self.checkout.admin / "logs" / "HEAD", flags), "ab") as head_log:
                head_log.writelines(line)

    def _is_abandoned(self) -> bool:
        """Whether the lock is one of ours whose process was killed."""
        try:
            data = self._lock.read_bytes()[:64]
            if not data.startswith(_OURS):
                return False
            os.kill(int(data.removeprefix(_OURS)), 0)
        except ProcessLookupError:
            return True
        except (OSError, ValueError):
            return False
        return False
