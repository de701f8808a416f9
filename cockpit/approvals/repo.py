"""Keeps lines of the policy: one line is added to a TOML file, and nothing else of it changes."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, Array

from cockpit.approvals.types import Section

_SIZE_LIMIT_BYTES = 1_000_000
_WAIT_S = 2.0
_ATTEMPTS = 5
_POLICY = "policy"

Check = Callable[[str], None]
"""Raises `ValueError` with a message for people when the text is no usable configuration."""


class PolicyNotWritten(Exception):
    """A line could not be written; the file is as it was."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"The line was not written to {file}: {reason}.")
        self.file, self.reason = file, reason


def add_line(file: Path, section: Section, line: str, *, within: Path, check: Check) -> bool:
    """Add a line to `[policy]` of a TOML file, keeping its comments and its form; the file is made when there is none.

    Blocks for up to two seconds where somebody else holds the file.

    Args:
        file: cockpit.toml, or the person's own config.toml.
        section: the list that it belongs to.
        line: what to add; one that is there already is not added again.
        within: the folder that the file has to be in, links followed.
        check: looks at the whole new text before it is written.

    Returns:
        Whether the line is new.

    Raises:
        PolicyNotWritten: the file is broken, is led elsewhere by a link, is held by somebody, or cannot be written.
    """
    try:
        for _ in range(_ATTEMPTS):
            real = _real(file, within)
            if not real.exists():
                if _create(real, _with_line(file, "", section, line, check)):
                    return True
                continue
            with _held(real) as before:
                if before is None:
                    continue
                text = _with_line(file, before.decode("utf-8"), section, line, check)
                if text.encode() == before:
                    return False
                if _replace(real, before, text.encode()):
                    return True
    except UnicodeDecodeError as error:
        raise PolicyNotWritten(file, "it is not UTF-8 text") from error
    except BlockingIOError as error:
        raise PolicyNotWritten(file, f"somebody else has held it for {_WAIT_S:g} s") from error
    except OSError as error:
        raise PolicyNotWritten(file, error.strerror or str(error)) from error
    raise PolicyNotWritten(file, "it changes all the time")


def _real(file: Path, within: Path) -> Path:
    """Return the file behind a link; one that leads out of its folder is refused."""
    real = Path(os.path.realpath(file))
    if not real.is_relative_to(os.path.realpath(within)):
        raise PolicyNotWritten(file, f"it is a link to {real}, outside {within}")
    if real.exists() and not stat.S_ISREG(real.stat().st_mode):
        raise PolicyNotWritten(file, "it is no file")
    return real


@contextlib.contextmanager
def _held(real: Path) -> Iterator[bytes | None]:
    """Hold the file against others like us, and give its content; None when another one has taken its place."""
    descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        deadline = time.monotonic() + _WAIT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        yield _content(descriptor, real)
    finally:
        os.close(descriptor)


def _content(descriptor: int, real: Path) -> bytes | None:
    ours, there = os.fstat(descriptor), real.stat()
    if (ours.st_ino, ours.st_dev) != (there.st_ino, there.st_dev):
        return None
    if ours.st_size > _SIZE_LIMIT_BYTES:
        raise PolicyNotWritten(real, f"it is larger than {_SIZE_LIMIT_BYTES:,} bytes")
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return file.read()


def _with_line(file: Path, text: str, section: Section, line: str, check: Check) -> str:
    """Return the text with the line, having made sure that nothing else of its meaning has changed."""
    try:
        before = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyNotWritten(file, f"it is broken ({error}); mend it first") from error
    wanted = _data_with_line(before, file, section, line)
    if wanted == before:
        return text
    try:
        new = tomlkit.dumps(_document_with_line(text, section, line))
        is_so = tomllib.loads(new) == wanted
    except (TOMLKitError, tomllib.TOMLDecodeError, TypeError) as error:
        raise PolicyNotWritten(file, f"its form is too unusual to be edited ({error}); add the line by hand") from error
    if not is_so:
        raise PolicyNotWritten(file, "its form is too unusual to be edited; add the line by hand")
    try:
        check(new)
    except ValueError as error:
        raise PolicyNotWritten(file, f"it would not be usable: {error}") from error
    return new


def _data_with_line(before: dict[str, object], file: Path, section: Section, line: str) -> dict[str, object]:
    policy = before.get(_POLICY, {})
    lines = policy.get(section.value, []) if isinstance(policy, dict) else None
    if not isinstance(policy, dict) or not isinstance(lines, list):
        raise PolicyNotWritten(file, f"its policy.{section.value} is no list")
    if line in lines:
        return before
    return {**before, _POLICY: {**policy, section.value: [*lines, line]}}


def _document_with_line(text: str, section: Section, line: str) -> tomlkit.TOMLDocument:
    document = tomlkit.parse(text)
    if _POLICY not in document:
        table = tomlkit.table()
        table.add(section.value, _list_of(line))
        document.add(_POLICY, table)
        return document
    policy = document[_POLICY]
    if not isinstance(policy, AbstractTable | Container):
        raise TypeError("policy is no table")
    lines = policy.get(section.value)
    if isinstance(lines, Array):
        lines.append(line)
    else:
        policy[section.value] = _list_of(line)
    return document


def _list_of(line: str) -> Array:
    lines = tomlkit.array()
    lines.append(line)
    return lines.multiline(True)


def _create(real: Path, text: str) -> bool:
    """Make the file. Returns whether it was still missing."""
    real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = _draft(real, text.encode(), 0o644)
    try:
        os.link(draft, real)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _sync_folder(real)
    return True


def _replace(real: Path, before: bytes, after: bytes) -> bool:
    """Put the new content in place at once. Returns whether the file was still what it had been."""
    draft = _draft(real, after, stat.S_IMODE(real.stat().st_mode))
    try:
        if real.read_bytes() != before:
            return False
        draft.replace(real)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(real)
    return True


def _draft(real: Path, content: bytes, mode: int) -> Path:
    draft = real.with_name(f".{real.name}.{secrets.token_hex(6)}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(real: Path) -> None:
    descriptor = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
