"""`cockpit check`: the repository's rules and checks, outside any session: for people, hooks and CI.

What takes long begins first: git, and ast-grep on what will most likely be asked of it. Everything heavy is imported
while these are at work.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from cockpit import __version__
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.checkout import Checkout, Look
from cockpit.cli.repository import find_repository
from cockpit.providers.paths import Paths
from cockpit.rules.repo.files import read_files
from cockpit.rules.repo.read_cache import Known, ReadCache
from cockpit.rules.repo.scan_cache import ScanCache
from cockpit.rules.runtime.ahead import HeadStart, begin_ahead, worth_showing
from cockpit.rules.runtime.sources import Sources

_CONFIG = "cockpit.toml"
_AHEAD_LIMIT = 200
"""Files of a change up to which ast-grep begins before the rules are looked at."""


def check(arguments: Arguments) -> int:
    """Carry out rules and checks, and report in the format asked for."""
    # Looking for plugins of pydantic, of which we want none, takes longer than to scan a file.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    with Start(find_repository(arguments.repo), arguments) as start:
        from cockpit.cli.checking import carry_out

        return carry_out(start, arguments)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found out while everything else was imported."""

    checkout: Checkout
    sources: Sources
    ahead: HeadStart | None = None


@dataclass(slots=True)
class _Outcome:
    seen: Seen | None = None
    error: Exception | None = None
    running: list[HeadStart] = field(default_factory=list)


class Start:
    """The beginning of a check: git looks at the checkout, and ast-grep at what changed. A context, which ends both."""

    def __init__(self, root: Path, arguments: Arguments) -> None:
        """Begin. Raises `UsageError` when there is no git."""
        self.began = time.monotonic()
        self.root = root
        self.paths = Paths.for_repo(root)
        self.folder = self.paths.artifacts / "rules"
        is_whole = arguments.all or arguments.baseline
        self.base = None if is_whole else arguments.base or _base_in(root / _CONFIG) or "HEAD"
        self._look = Look(root, base=self.base)
        self._outcome = _Outcome()
        try:
            self.read = ReadCache(self.folder / "read", files := read_files(root), __version__)
            self.files = files
            self.known = self.read.get()
            self._looking = threading.Thread(target=self._see, name="look")
            self._looking.start()
        except BaseException:
            self._look.__exit__(None, None, None)
            raise

    def __enter__(self) -> Start:
        """Have everything that was begun ended with the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still runs."""
        self._look.kill()
        self._looking.join()
        self._look.__exit__(kind, error, trace)
        for one in self._outcome.running:
            one.running.__exit__(kind, error, trace)

    def seen(self) -> Seen:
        """Return what git saw, and what was begun upon it. Raises `UsageError` as git says."""
        self._looking.join()
        if self._outcome.error is not None:
            raise self._outcome.error
        assert self._outcome.seen is not None  # one of the two is known when the thread has ended
        return self._outcome.seen

    def looked_again(self, base: str) -> Seen:
        """Return what git sees beside another base than the one that was guessed."""
        with Look(self.root, base=base) as look:
            checkout = look.end()
        return Seen(checkout, Sources(self.root, checkout.paths))

    def _see(self) -> None:
        try:
            checkout = self._look.end()
            sources = Sources(self.root, checkout.paths)
            ahead = self._begun_ahead(checkout, sources)
            if ahead is not None:
                self._outcome.running.append(ahead)
            self._outcome.seen = Seen(checkout, sources, ahead)
        except (UsageError, OSError, ValueError) as error:  # told where somebody asks
            self._outcome.error = error

    def _begun_ahead(self, checkout: Checkout, sources: Sources) -> HeadStart | None:
        if self.known is None or checkout.changed is None or len(checkout.changed) > _AHEAD_LIMIT:
            return None
        hints = _hints(self.known)
        if hints is None:
            return None
        scope = sorted(checkout.changed.intersection(checkout.paths))
        cache = ScanCache(self.folder / "known", hints.digest)
        shown = worth_showing(cache, sources, scope, hints.endings)
        return begin_ahead(self.root, self.folder / "ast-grep" / hints.project, shown)


@dataclass(frozen=True, slots=True)
class Hints:
    """What is known of rules before they are read: enough to let ast-grep begin."""

    digest: str
    project: str
    """Name of the folder with what ast-grep is told."""
    endings: tuple[str, ...] | None


def _hints(known: Known) -> Hints | None:
    match known.hints:
        case {"digest": str(digest), "project": str(project), "endings": None}:
            return Hints(digest, project, None)
        case {"digest": str(digest), "project": str(project), "endings": list(endings)}:
            return Hints(digest, project, tuple(str(one) for one in endings))
        case _:
            return None


def _base_in(file: Path) -> str:
    """Return what `[rules] base` most likely is; the whole configuration is read later, and counts."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return ""
    if "base" not in text:
        return ""
    import tomllib

    try:
        rules = tomllib.loads(text).get("rules")
    except tomllib.TOMLDecodeError:
        return ""
    base = rules.get("base") if isinstance(rules, dict) else None
    return base if isinstance(base, str) else ""
