"""Where things are kept outside the user's repository.

Standard library only and cheap to import: the relay, which must start in milliseconds, finds its socket here.
The XDG layout is used on every system. `COCKPIT_HOME` moves all of it into one folder (tests, the demo).
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

SOCKET_PATH_LIMIT_BYTES = 100
"""Longest path given to a unix socket: macOS allows 103 bytes, Linux 107."""

_NETWORK_KINDS = frozenset(
    [
        "9p",
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "drvfs",
        "gfs2",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb2",
        "smb3",
        "smbfs",
        "webdav",
    ]
)
_NETWORK_FUSE = frozenset(
    [
        "sshfs",
        "s3fs",
        "gcsfuse",
        "glusterfs",
        "ceph",
        "ceph-fuse",
        "rclone",
        "juicefs",
        "davfs",
        "davfs2",
        "mfs",
        "moosefs",
        "beegfs",
        "lustre",
        "smbnetfs",
        "goofys",
        "blobfuse",
        "blobfuse2",
        "afsfuse",
    ]
)


class PathsError(Exception):
    """A place where things should be kept cannot be used. The message says what to do."""


class UnsafeDirectoryError(PathsError):
    """A folder that must be private is a link, belongs to somebody else, or is no folder."""


class NetworkFilesystemError(PathsError):
    """A folder that needs a local disk lies on a network file system."""

    def __init__(self, path: Path, kind: str) -> None:
        """Name the folder and the kind of file system found below it."""
        super().__init__(
            f"{path} is on a network file system ({kind}), where the journal cannot be kept safely. "
            "Set XDG_STATE_HOME or COCKPIT_HOME to a folder on a local disk."
        )
        self.path = path
        self.kind = kind


class Paths:
    """The places that belong to one user and one repository.

    Attributes:
        repo: the real path of the repository.
        name: readable slug plus a short hash of `repo`; the same for every way to spell the path.
        state: journal, spools, our own git folder, artifacts and logs of this repository.
        data: workspaces of this repository, and the homes of its agents.
        runtime: sockets of this repository.
        config: the user's own settings (themes, keys, policy), for all repositories.
        user_state: state that belongs to the user rather than to one repository.
        user_runtime: sockets that belong to the user rather than to one repository (the screen host).
    """

    __slots__ = ("config", "data", "name", "repo", "runtime", "state", "user_runtime", "user_state")

    def __init__(self, repo: Path, *, state: Path, data: Path, runtime: Path, config: Path) -> None:
        """Derive the folders of `repo` from the four base folders."""
        self.repo = repo
        self.name = f"{_slug(repo.name)}-{_digest(os.fsencode(repo))}"
        self.user_state = state
        self.user_runtime = runtime
        self.config = config
        self.state = state / "repos" / self.name
        self.data = data / "repos" / self.name
        self.runtime = runtime / _digest(os.fsencode(repo))

    @classmethod
    def for_repo(cls, repo_root: Path, env: Mapping[str, str] = os.environ) -> Paths:
        """Find the places for `repo_root`. Nothing is created; see `ensure`."""
        home = _absolute(env.get("COCKPIT_HOME"))
        if home is not None:
            bases = {"state": home / "state", "data": home / "data", "config": home / "config"}
        else:
            user = Path(env.get("HOME") or Path.home())
            bases = {
                "state": _base(env, "XDG_STATE_HOME", user / ".local" / "state"),
                "data": _base(env, "XDG_DATA_HOME", user / ".local" / "share"),
                "config": _base(env, "XDG_CONFIG_HOME", user / ".config"),
            }
        return cls(Path(os.path.realpath(repo_root)), runtime=_runtime_base(home, env), **bases)

    @property
    def journal(self) -> Path:
        """The event log (SQLite)."""
        return self.state / "journal.sqlite3"

    @property
    def homes(self) -> Path:
        """Configuration of foreign agents, one folder for each name in cockpit.toml; theirs in HOME is left alone.

        Not in `state`, so that an agent can be kept from seeing all of that.
        """
        return self.data / "homes"

    @property
    def senses(self) -> Path:
        """Port and secret of the server of the tools for agents; for this user's eyes only."""
        return self.state / "senses.json"

    @property
    def spool(self) -> Path:
        """Holds one folder for every run of an agent."""
        return self.state / "spool"

    @property
    def git(self) -> Path:
        """The git folder that the supervisor owns, apart from the user's."""
        return self.state / "git"

    @property
    def artifacts(self) -> Path:
        """Raw output of checks, screenshots and what else is too large for the journal."""
        return self.state / "artifacts"

    @property
    def logs(self) -> Path:
        """Logs of the supervisor and of the apps it runs."""
        return self.state / "logs"

    @property
    def workspaces(self) -> Path:
        """Holds one git worktree for every session."""
        return self.data / "workspaces"

    @property
    def supervisor_socket(self) -> Path:
        """Where this repository's supervisor listens."""
        return self.runtime / "supervisor.sock"

    @property
    def screen_host_socket(self) -> Path:
        """Where the user's screen host listens."""
        return self.user_runtime / "screens.sock"

    def ensure(self) -> None:
        """Create every folder of this repository, private to the user.

        Raises:
            UnsafeDirectoryError: one of them exists and is not private to the user.
        """
        private_directory(self.user_runtime)
        for folder in (
            *(self.user_state, self.state, self.spool, self.artifacts, self.logs),
            *(self.data, self.workspaces, self.runtime, self.config),
        ):
            private_directory(folder)


def private_directory(path: Path) -> Path:
    """Create `path` with mode 0700 where missing, and make sure that it is a folder of ours that nobody else can enter.

    A folder of ours with a wider mode is narrowed.

    Raises:
        UnsafeDirectoryError: it is a symbolic link, no folder, or belongs to another account.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode):
            raise UnsafeDirectoryError(f"{path} is not a folder. Remove it, or set COCKPIT_HOME elsewhere.") from None
        if found.st_uid != os.getuid():
            raise UnsafeDirectoryError(
                f"{path} belongs to another account (uid {found.st_uid}). Set COCKPIT_HOME or XDG_RUNTIME_DIR."
            ) from None
        if stat.S_IMODE(found.st_mode) & 0o077:
            path.chmod(0o700)
    return path


def socket_of(folder: Path, name: str) -> Path:
    """Return where the socket of a private folder is: in it, or, where that is too long for the kernel, apart from it.

    The same for everybody who knows the folder. A folder apart is made here, private to the user.

    Raises:
        UnsafeDirectoryError: the folder apart exists and is not private to the user.
    """
    path = folder / name
    if len(os.fsencode(path)) <= SOCKET_PATH_LIMIT_BYTES:
        return path
    return private_directory(Path("/tmp") / f"cockpit-{os.getuid()}") / f"{_digest(os.fsencode(path))}.sock"


def filesystem_kind(path: Path) -> str:
    """Return the kind of file system that holds `path` (`ext4`, `nfs4`, `apfs`...), or `unknown`.

    A path that does not exist yet is judged by its nearest existing parent.
    """
    real = _nearest_existing(path)
    with contextlib.suppress(FileNotFoundError):  # where there is no /proc, `mount` is asked
        return _kind_in_mountinfo(Path("/proc/self/mountinfo").read_text(errors="surrogateescape"), real)
    import subprocess  # only where it is needed: the relay imports this module

    try:
        answer = subprocess.run(["/sbin/mount"], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return _kind_in_mount_listing(os.fsdecode(answer.stdout), real)


def refuse_network_filesystem(path: Path) -> None:
    """Make sure that `path` is on a local disk, because SQLite's WAL and our locks are not safe elsewhere.

    Raises:
        NetworkFilesystemError: it is not.
    """
    kind = filesystem_kind(path)
    if _is_network(kind):
        raise NetworkFilesystemError(path, kind)


def _is_network(kind: str) -> bool:
    base, _, below = kind.partition(".")
    return kind in _NETWORK_KINDS or (base in ("fuse", "fuseblk", "macfuse", "osxfuse") and below in _NETWORK_FUSE)


def _kind_in_mountinfo(text: str, path: str) -> str:
    """Find the mount that holds `path`: the longest mount point, and the last of several on one point."""
    best, kind = -1, "unknown"
    for line in text.splitlines():
        before, _, after = line.partition(" - ")
        fields, tail = before.split(" "), after.split(" ")
        if len(fields) < 5 or not tail[0]:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m.group(1), 8)), fields[4])
        if _is_under(path, point) and len(point) >= best:
            best, kind = len(point), tail[0]
    return kind


def _kind_in_mount_listing(text: str, path: str) -> str:
    """Read the output of BSD `mount`, which marks every local file system with the word `local`."""
    best, kind = -1, "unknown"
    for found in re.finditer(r"^.* on (/.*) \(([^()]*)\)$", text, re.MULTILINE):
        point, options = found.group(1), found.group(2).split(", ")
        if _is_under(path, point) and len(point) >= best:
            remote_fuse = "fuse" in options[0] and "local" not in options
            best, kind = len(point), "fuse.sshfs" if remote_fuse else options[0]
    return kind


def _is_under(path: str, point: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _nearest_existing(path: Path) -> str:
    real = os.path.realpath(path)
    while not os.path.lexists(real):
        real = os.path.dirname(real)  # noqa: PTH120 - plain strings keep the walk cheap
    return real


def _absolute(value: str | None) -> Path | None:
    return Path(os.path.abspath(value)) if value else None  # noqa: PTH100 - `resolve` would follow links


def _base(env: Mapping[str, str], variable: str, default: Path) -> Path:
    """Read one XDG variable; the specification says to ignore a relative one."""
    value = env.get(variable, "")
    return (Path(value) if value.startswith("/") else default) / "cockpit"


def _runtime_base(home: Path | None, env: Mapping[str, str]) -> Path:
    """Choose the folder for sockets: one whose socket paths are short enough for the kernel.

    TMPDIR has no say: sessions get their own, and a program inside one must still find the same sockets.
    """
    user = os.getuid()
    wanted: Path | None
    if home is not None:
        wanted, fallback = home / "run", f"cockpit-{user}-{_digest(os.fsencode(home))}"
    else:
        given = env.get("XDG_RUNTIME_DIR", "")
        own = f"/run/user/{user}"
        base = given if given.startswith("/") else own if os.access(own, os.W_OK) else None
        wanted, fallback = (Path(base) / "cockpit" if base else None), f"cockpit-{user}"
    if wanted and len(os.fsencode(wanted)) + len("/0123456789ab/supervisor.sock") <= SOCKET_PATH_LIMIT_BYTES:
        return wanted
    return Path("/tmp") / fallback


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32] or "repo"


def _digest(value: bytes) -> str:
    from hashlib import blake2b

    return blake2b(value, digest_size=6).hexdigest()
