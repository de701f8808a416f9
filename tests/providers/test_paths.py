from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.providers import paths as module
from cockpit.providers.clock import Clock, ManualClock, SystemClock
from cockpit.providers.paths import (
    NetworkFilesystemError,
    Paths,
    UnsafeDirectoryError,
    filesystem_kind,
    private_directory,
    refuse_network_filesystem,
)

MOUNTINFO = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:27 / /home rw,relatime shared:2 - nfs4 server:/home rw
31 30 0:28 / /home/joe/local\\040disk rw - xfs /dev/sdb rw
32 22 0:29 / /mnt/box rw - fuse.sshfs joe@box: rw
33 22 0:30 / /mnt/over rw - nfs4 a:/b rw
34 22 0:31 / /mnt/over rw - tmpfs tmpfs rw
broken line
"""
MOUNT = """\
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//joe@nas/share on /Volumes/share (smbfs, nodev, nosuid, mounted by joe)
box: on /Volumes/box (macfuse, nodev, nosuid, synchronous, mounted by joe)
/dev/disk4 on /Volumes/USB (old) (msdos, local, nodev)
"""


def test_every_repository_has_its_own_places(tmp_path: Path) -> None:
    env = {"COCKPIT_HOME": str(tmp_path / "h")}
    one, two = (Paths.for_repo(tmp_path / where / "My Repo!", env) for where in ("a", "b"))
    assert one.name.startswith("my-repo-")
    assert one.name != two.name
    assert one.state != two.state
    assert one.data != two.data
    assert one.supervisor_socket != two.supervisor_socket
    assert one.screen_host_socket == two.screen_host_socket
    assert one.config == two.config
    inside = (one.journal, one.spool, one.git, one.artifacts, one.logs)
    assert all(path.is_relative_to(one.state) for path in inside)


def test_two_spellings_of_a_repository_are_one(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "repo")
    env = {"COCKPIT_HOME": str(tmp_path)}
    assert Paths.for_repo(tmp_path / "link", env).state == Paths.for_repo(tmp_path / "repo" / ".." / "repo", env).state


def test_the_xdg_folders_are_used() -> None:
    given = Paths.for_repo(
        Path("/r"), {"XDG_STATE_HOME": "/s", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c", "XDG_RUNTIME_DIR": "/x"}
    )
    assert given.user_state == Path("/s/cockpit")
    assert given.data.is_relative_to("/d/cockpit")
    assert given.config == Path("/c/cockpit")
    assert given.screen_host_socket == Path("/x/cockpit/screens.sock")
    default = Paths.for_repo(Path("/r"), {"HOME": "/home/joe", "XDG_STATE_HOME": "relative"})
    assert default.user_state == Path("/home/joe/.local/state/cockpit")
    assert default.data.is_relative_to("/home/joe/.local/share/cockpit")


def test_sockets_fit_into_the_kernels_limit_and_work(tmp_path: Path) -> None:
    for home in (tmp_path / ("long" * 40), tmp_path):
        paths = Paths.for_repo(tmp_path, {"COCKPIT_HOME": str(home)})
        assert len(os.fsencode(paths.supervisor_socket)) < 100
    paths = Paths.for_repo(tmp_path, {"COCKPIT_HOME": str(tmp_path / ("long" * 40))})
    paths.ensure()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.supervisor_socket))
    paths.supervisor_socket.unlink()
    paths.runtime.rmdir()
    paths.user_runtime.rmdir()


def test_what_is_created_is_private(tmp_path: Path) -> None:
    paths = Paths.for_repo(tmp_path, {"COCKPIT_HOME": str(tmp_path / "h")})
    paths.ensure()
    paths.ensure()
    for path in (paths.state, paths.spool, paths.logs, paths.workspaces, paths.runtime, paths.config, paths.user_state):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_folder_that_is_not_private_is_narrowed_or_refused(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o777)
    assert stat.S_IMODE(private_directory(wide).stat().st_mode) == 0o700
    (tmp_path / "link").symlink_to(wide)
    (tmp_path / "file").touch()
    for name in ("link", "file"):
        with pytest.raises(UnsafeDirectoryError, match="not a folder"):
            private_directory(tmp_path / name)


def test_a_folder_of_another_account_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "theirs").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(UnsafeDirectoryError, match="another account"):
        private_directory(tmp_path / "theirs")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/etc/x", "ext4"),
        ("/home/joe/x", "nfs4"),
        ("/home/joe/local disk/x", "xfs"),
        ("/homes", "ext4"),
        ("/mnt/box", "fuse.sshfs"),
        ("/mnt/over/x", "tmpfs"),
    ],
)
def test_the_kind_of_file_system_on_linux(path: str, kind: str) -> None:
    assert module._kind_in_mountinfo(MOUNTINFO, path) == kind


def test_the_kind_of_file_system_on_macos() -> None:
    kinds = {path: module._kind_in_mount_listing(MOUNT, path) for path in ("/x", "/Volumes/share/x", "/Volumes/box/y")}
    assert kinds == {"/x": "apfs", "/Volumes/share/x": "smbfs", "/Volumes/box/y": "fuse.sshfs"}
    assert module._kind_in_mount_listing(MOUNT, "/Volumes/USB (old)/x") == "msdos"


def test_a_network_file_system_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filesystem_kind(tmp_path / "absent" / "folder") != "unknown"
    refuse_network_filesystem(tmp_path)
    for kind in ("nfs4", "cifs", "lustre", "fuse.sshfs"):
        monkeypatch.setattr(module, "filesystem_kind", lambda _, kind=kind: kind)
        with pytest.raises(NetworkFilesystemError, match=f"{kind}.*\n?.*local disk") as caught:
            refuse_network_filesystem(tmp_path)
        assert caught.value.kind == kind


def test_the_relay_may_import_it() -> None:
    code = "import sys; import cockpit.providers.paths; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd()
    )
    assert not {"typing", "dataclasses", "asyncio", "subprocess", "platformdirs", "hashlib"} & set(
        loaded.stdout.split()
    )


def test_a_clock_can_be_owned() -> None:
    manual = ManualClock(100.0)
    clock: Clock = manual
    manual.advance(1.5)
    assert (clock.now(), clock.monotonic()) == (101.5, 1.5)
    with pytest.raises(ValueError, match="negative"):
        manual.advance(-1)
    system = SystemClock()
    assert system.now() > 1_700_000_000
    assert system.monotonic() <= system.monotonic()
