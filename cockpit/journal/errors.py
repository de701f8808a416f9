"""What can go wrong with the journal, one type per cause: what happened, what was kept, what to do next."""

from pathlib import Path


class JournalError(Exception):
    """Base of every journal error.

    Attributes:
        happened: what went wrong, in one sentence.
        kept: what is still safe.
        advice: what a person can do next.
    """

    def __init__(self, happened: str, *, kept: str, advice: str) -> None:
        super().__init__(f"{happened} {kept} {advice}")
        self.happened = happened
        self.kept = kept
        self.advice = advice


class JournalLockedError(JournalError):
    """Another process (or another `Journal` in this one) already writes this journal."""

    def __init__(self, path: Path, holder: str) -> None:
        by = f" by process {holder}" if holder else ""
        super().__init__(
            f"The journal {path} is already open for writing{by}.",
            kept="Nothing was touched.",
            advice="Attach to the running supervisor, or stop it first.",
        )


class JournalUnsupportedError(JournalError):
    """The place of the journal cannot hold one: no write-ahead log, no shared memory, or no write access."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The journal {path} cannot be kept there: {reason}.",
            kept="Nothing was recorded.",
            advice="Put the state folder on a local disk that this user may write to.",
        )


class JournalTooNewError(JournalError):
    """The journal was written by a newer release than this one."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"The journal {path} has schema version {found}; this release knows versions up to {known}.",
            kept="The journal was not changed.",
            advice="Use the newer release, or move the journal aside to start a fresh one.",
        )
        self.found = found
        self.known = known


class JournalUnreadableError(JournalError):
    """The database file is damaged, is no journal at all, or could not be read just now."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The journal {path} cannot be read: {reason}.",
            kept="The file was left as it is; agents' spools are not affected.",
            advice="Restore it from a backup, or move it aside to start a fresh one.",
        )


class JournalFailedError(JournalError):
    """A write did not reach the disk; the journal accepts nothing more until it is closed and opened again."""

    def __init__(self, path: Path, reason: str, durable_seq: int) -> None:
        super().__init__(
            f"The journal {path} could not write: {reason}.",
            kept=f"Everything acknowledged, up to event {durable_seq}, is on disk.",
            advice="Free disk space or repair the disk, then open the journal again.",
        )
        self.durable_seq = durable_seq


class JournalClosedError(JournalError):
    """The journal was closed; it neither takes nor gives any more."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The journal {path} is closed.", kept="Everything appended before is on disk.", advice="Open it again."
        )
