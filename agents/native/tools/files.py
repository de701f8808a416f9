"""The workspace as the agent's files: nothing outside is reached, not through `..` and not through a symbolic link."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from agents.native.tools.base import ToolFailure

_FILE_LIMIT_BYTES = 10_000_000
_NEW_FILE_MODE = 0o644


class Workspace:
    """Opens files beneath one folder."""

    def __init__(self, root: Path) -> None:
        """Take the folder by its real path."""
        self.root = root.resolve()

    def locate(self, path: str) -> Path:
        """Return the path relative to the workspace, links resolved. Raises `ToolFailure` when it leads outside."""
        if "\0" in path or not path.strip():
            raise ToolFailure("name a path relative to the workspace")
        try:
            real = (self.root / path).resolve()
        except (OSError, RuntimeError) as error:
            raise ToolFailure(f"{path}: {error}") from None
        if not real.is_relative_to(self.root):
            raise ToolFailure(f"{path} lies outside the workspace; only paths inside {self.root} can be used")
        return real.relative_to(self.root)

    def locate_for_change(self, path: str) -> Path:
        """Like `locate`, for a file that will be changed: git's own files and the workspace itself are refused."""
        relative = self.locate(path)
        if not relative.parts:
            raise ToolFailure(f"{path} is the workspace itself; name a file in it")
        if any(part.lower() == ".git" for part in relative.parts):
            raise ToolFailure(f"{path} belongs to git and is not yours to change")
        return relative

    @contextlib.contextmanager
    def _parent(self, relative: Path, *, create: bool = False) -> Iterator[int]:
        """Open the parent folder step by step, so that a link put there meanwhile is refused and not followed."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        folder = os.open(self.root, flags)
        try:
            for part in relative.parts[:-1]:
                if create:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(part, dir_fd=folder)
                inner = os.open(part, flags, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    def read(self, relative: Path) -> bytes:
        """Return a file's content. Raises `ToolFailure`."""
        try:
            with self._parent(relative) as folder:
                # Not blocking, or a named pipe would hold the agent for ever.
                flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
                fd = os.open(relative.name, flags, dir_fd=folder)
        except OSError as error:
            raise _explained(relative, error) from None
        with os.fdopen(fd, "rb") as file:
            about = os.fstat(file.fileno())
            if not stat.S_ISREG(about.st_mode):
                raise ToolFailure(f"{relative} is not a regular file")
            if about.st_size > _FILE_LIMIT_BYTES:
                raise ToolFailure(f"{relative} has {about.st_size} bytes; use `run` with head, tail or sed on it")
            return file.read()

    def is_there(self, relative: Path) -> bool:
        """Return whether something has that name."""
        return os.path.lexists(self.root / relative)

    def write(self, relative: Path, data: bytes) -> None:
        """Put a whole file in place at once, with the mode of the one it replaces. Raises `ToolFailure`."""
        draft = f".{relative.name[:80]}.{secrets.token_hex(4)}.new"
        try:
            with self._parent(relative, create=True) as folder:
                try:
                    mode = stat.S_IMODE(os.stat(relative.name, dir_fd=folder, follow_symlinks=False).st_mode)
                except FileNotFoundError:
                    mode = _NEW_FILE_MODE
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
                fd = os.open(draft, flags, mode, dir_fd=folder)
                try:
                    with os.fdopen(fd, "wb") as file:
                        file.write(data)
                        os.fchmod(file.fileno(), mode)
                    os.replace(draft, relative.name, src_dir_fd=folder, dst_dir_fd=folder)
                except BaseException:
                    os.unlink(draft, dir_fd=folder)
                    raise
        except OSError as error:
            raise _explained(relative, error) from None

    def delete(self, relative: Path) -> None:
        """Remove a file. Raises `ToolFailure`."""
        try:
            with self._parent(relative) as folder:
                os.unlink(relative.name, dir_fd=folder)
        except OSError as error:
            raise _explained(relative, error) from None


def _explained(relative: Path, error: OSError) -> ToolFailure:
    if error.errno == errno.ENOENT:
        return ToolFailure(f"{relative} does not exist; use `search` or `read` on its folder to find the right path")
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return ToolFailure(f"{relative}: a symbolic link or a file stands where a folder should be")
    if error.errno == errno.EISDIR:
        return ToolFailure(f"{relative} is a folder")
    return ToolFailure(f"{relative}: {error.strerror}")
