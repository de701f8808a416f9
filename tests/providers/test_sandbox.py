from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cockpit.providers import sandbox as module
from cockpit.providers.sandbox import Policy, Sandbox, SandboxError, scrubbed_env

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="bubblewrap exists for Linux only")


class House:
    """A host with a home, a journal, two workspaces and a service; and an agent confined to the first workspace."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home, self.state, self.repo = root / "home", root / "state", root / "repo"
        self.workspaces = root / "data" / "workspaces"
        self.workspace, self.other = self.workspaces / "one", self.workspaces / "two"
        self.tmp = self.state / "tmp" / "one"
        for folder in (self.home / ".ssh", self.home / ".config" / "gh", self.home / "docs", self.repo / ".git"):
            folder.mkdir(parents=True)
        for folder in (self.workspace, self.other, self.tmp):
            folder.mkdir(parents=True)
        (self.home / ".ssh" / "id_ed25519").write_text("SECRET")
        (self.home / ".config" / "gh" / "hosts.yml").write_text("SECRET")
        (self.home / ".netrc").write_text("SECRET")
        (self.home / "docs" / "plan.txt").write_text("plan")
        (self.state / "journal.sqlite3").write_text("SECRET")
        (self.other / "theirs.py").write_text("SECRET")
        (self.repo / ".git" / "config").write_text("[core]")
        (self.workspace / ".git").write_text(f"gitdir: {self.repo}/.git/worktrees/one\n")
        self.network = False
        self.writable: tuple[Path, ...] = ()

    def policy(self) -> Policy:
        return Policy(
            workspace=self.workspace,
            tmp=self.tmp,
            writable=self.writable,
            hidden=(self.state, self.workspaces),
            network=self.network,
        )

    def run(self, code: str) -> subprocess.CompletedProcess[str]:
        argv = Sandbox.detect().wrap([sys.executable, "-c", code], self.policy())
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "TMPDIR": str(self.tmp)}
        return subprocess.run(argv, capture_output=True, text=True, env=env, timeout=30, check=False)

    def everything(self) -> dict[str, tuple[int, bytes | None]]:
        """Content and mode of all that the agent must leave alone."""
        kept = (
            p for p in self.root.rglob("*") if not p.is_relative_to(self.workspace) and not p.is_relative_to(self.tmp)
        )
        return {str(p): (stat.S_IMODE(p.lstat().st_mode), p.read_bytes() if p.is_file() else None) for p in kept}


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    import tempfile

    # Not below /tmp, which is private to every agent and would make the probes too easy.
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent, prefix=".sandbox-") as folder:
        house = House(Path(folder))
        monkeypatch.setenv("HOME", str(house.home))
        yield house


PROBES: dict[str, str] = {
    "write outside": "open(f'{root}/repo/x', 'w')",
    "write to home": "open(f'{root}/home/x', 'w')",
    "create an absent configuration": "import os; os.mkdir(f'{root}/home/.claude')",
    "write to the repository's git folder": "open(f'{root}/repo/.git/config', 'a').write('[core]')",
    "replace the link to the repository": "import os; os.rename('.git', '.git2')",
    "rewrite the link to the repository": "open('.git', 'w').write('gitdir: .')",
    "read an ssh key": "print(open(f'{root}/home/.ssh/id_ed25519').read())",
    "read a token": "print(open(f'{root}/home/.config/gh/hosts.yml').read())",
    "read netrc": "assert 'SECRET' in open(f'{root}/home/.netrc').read()",
    "read the journal": "print(open(f'{root}/state/journal.sqlite3').read())",
    "write to the journal": "open(f'{root}/state/journal.sqlite3', 'a').write('x')",
    "plant a journal": "open(f'{root}/state/journal.sqlite3-wal', 'w').write('x')",
    "read another workspace": "print(open(f'{root}/data/workspaces/two/theirs.py').read())",
    "list other workspaces": "import os; assert 'two' in os.listdir(f'{root}/data/workspaces')",
    "move a hidden folder away": "import os; os.rename(f'{root}/home/.ssh', f'{root}/home/.ssh2')",
    "write through a link": "import os; os.symlink(f'{root}/repo', 'way'); open('way/x', 'w')",
    "read through a link": "import os; os.symlink(f'{root}/home/.ssh', 'way2'); print(open('way2/id_ed25519').read())",
    "hard link a secret": "import os; os.link(f'{root}/home/.ssh/id_ed25519', 'key')",
    "leave by /proc/1/root": "print(open(f'/proc/1/root{root}/home/.ssh/id_ed25519').read())",
    "leave by /proc/1/cwd": "import os; os.chdir('/proc/1/cwd'); open(f'../../../state/journal.sqlite3')",
    "change modes outside": "import os; os.chmod(f'{root}/home/docs/plan.txt', 0o777)",
    "remove files outside": "import os; os.unlink(f'{root}/home/docs/plan.txt')",
    "see a process of the host": "import os; os.stat('/proc/{host_pid}') if os.getpid() != {host_pid} else exit(1)",
    "signal a process of the host": "import os; os.kill({host_pid}, 0)",
    "unmount what hides": "import ctypes; exit(ctypes.CDLL(None).umount2(f'{root}/home/.ssh'.encode(), 2) != 0)",
    "mount over it": "import ctypes; exit(ctypes.CDLL(None).mount(b'none', b'/etc', b'tmpfs', 0, 0) != 0)",
    "remount writable": "import ctypes; exit(ctypes.CDLL(None).mount(None, b'/', None, 32 | 4096, None) != 0)",
    "reach a port of the host": "import socket; socket.create_connection(('127.0.0.1', {port}), 2)",
    "reach an abstract socket": "import socket; s = socket.socket(socket.AF_UNIX); s.connect('\\0{abstract}')",
    "reach the internet": "import socket; socket.create_connection(('192.0.2.1', 80), 2)",
    "type into the terminal": "import fcntl, termios; fcntl.ioctl(open('/dev/tty'), termios.TIOCSTI, b'x')",
    "stay in the host's session": "import os; exit(0 if os.getsid(0) == 0 else 1)",
    "read a disk": "import glob; open(sorted(glob.glob('/dev/[vsn][dv][am]*'))[0], 'rb').read(1)",
}


@pytest.mark.parametrize("name", PROBES)
def test_no_probe_gets_out(house: House, name: str) -> None:
    before = house.everything()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as local:
        abstract = f"cockpit-test-{os.getpid()}"
        local.bind(f"\0{abstract}")
        local.listen()
        code = PROBES[name]
        for key, value in {"port": server.getsockname()[1], "abstract": abstract, "host_pid": os.getpid()}.items():
            code = code.replace(f"{{{key}}}", str(value))
        done = house.run(f"root = {str(house.root)!r}\nopen('alive', 'w').close()\n{code}")
    assert (house.workspace / "alive").exists(), done.stderr
    assert "SECRET" not in done.stdout
    assert done.returncode != 0, "the probe succeeded"
    assert house.everything() == before


def test_killing_everything_kills_the_agent_only(house: House) -> None:
    with subprocess.Popen(["/bin/sleep", "300"]) as bystander:
        house.run("import os, signal; os.kill(-1, signal.SIGKILL)")
        assert bystander.poll() is None
        bystander.kill()


def test_daemons_die_with_the_sandbox(house: House) -> None:
    code = "import os, time\nfor _ in range(3):\n if os.fork() == 0:\n  os.setsid(); time.sleep(300)\nprint('done')"
    mark = f"daemons-{os.getpid()}"
    done = house.run(f"import os\nmark = {mark!r}\n{code}")
    assert done.stdout.endswith("done\n")
    listing = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert mark not in listing


def test_an_agent_can_do_its_work(house: House) -> None:
    cache = house.home / "cache"
    cache.mkdir()
    house.writable = (cache,)
    done = house.run(
        "import os, socket, subprocess, tempfile, pathlib\n"
        "open('made.py', 'w').write('x')\n"
        f"open({str(cache)!r} + '/entry', 'w').write('x')\n"
        "with tempfile.NamedTemporaryFile() as t: assert t.name.startswith(os.environ['TMPDIR'])\n"
        "open('/tmp/scratch', 'w').write('x'); open('/dev/null', 'w').write('x'); open('/dev/shm/x', 'w')\n"
        f"assert open({str(house.repo)!r} + '/.git/config').read() == '[core]'\n"
        f"assert open({str(house.home)!r} + '/docs/plan.txt').read() == 'plan'\n"
        "assert open('.git').read().startswith('gitdir')\n"
        f"assert open({str(house.home)!r} + '/.netrc').read() == ''\n"
        f"assert os.listdir({str(house.home)!r} + '/.ssh') == []\n"
        "s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())\n"
        "print(pathlib.Path.cwd(), subprocess.check_output(['git', '--version']).decode())\n"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{house.workspace} git version")
    assert (house.workspace / "made.py").exists()
    assert (cache / "entry").exists()
    assert (house.tmp / "scratch").exists()


def test_the_network_is_there_when_allowed(house: House) -> None:
    house.network = True
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = house.run(f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)")
    assert done.returncode == 0, done.stderr


def test_an_account_without_privileges_is_confined_too(house: House) -> None:
    if os.getuid() != 0:
        return  # the other tests have shown it
    house.root.chmod(0o755)
    for path in (house.workspace, house.tmp):
        os.chown(path, 65534, 65534)
    argv = Sandbox.detect().wrap(["/bin/sh", "-c", f"id -u; echo x > made; echo x > {house.repo}/x"], house.policy())
    done = subprocess.run(argv, capture_output=True, text=True, user=65534, group=65534, extra_groups=[], check=False)
    assert done.stdout == "65534\n", done.stderr
    assert done.returncode != 0
    assert (house.workspace / "made").exists()
    assert not (house.repo / "x").exists()


def test_a_writable_path_that_leads_out_is_refused(house: House) -> None:
    (house.workspace / "cache").symlink_to(house.home / ".ssh")
    house.writable = (house.workspace / "cache",)
    with pytest.raises(SandboxError, match="leads out"):
        house.run("pass")
    house.writable = (house.root / "absent",)
    with pytest.raises(SandboxError, match="does not exist"):
        house.run("pass")


@pytest.fixture
def detected_again() -> Iterator[Callable[[], Sandbox]]:
    def detect() -> Sandbox:
        module._detect.cache_clear()
        return Sandbox.detect()

    yield detect
    module._detect.cache_clear()


def test_without_bubblewrap_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, detected_again: Callable[[], Sandbox]
) -> None:
    assert Sandbox.detect().describe() == "sandboxed with bubblewrap"
    monkeypatch.setenv("PATH", str(tmp_path))
    absent = detected_again()
    assert absent.describe() == "not sandboxed: bubblewrap is not installed"
    assert not absent.is_active
    assert absent.wrap(["a", "b"], Policy(tmp_path)) == ["a", "b"]
    fake = tmp_path / "bwrap"
    for body, said in (
        ("echo 'bwrap: No permissions to create new namespace' >&2; exit 1", "No permissions"),
        ('while [ "$1" != -- ]; do [ "$1" = --chdir ] && cd "$2"; shift; done; shift; exec "$@"', "does not"),
    ):
        fake.write_text(f"#!/bin/sh\n{body}\n")
        fake.chmod(0o755)
        broken = detected_again()
        assert not broken.is_active
        assert said in broken.describe()


def test_the_environment_is_an_allow_list() -> None:
    given = {"PATH": "/bin", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "x", "GITHUB_TOKEN": "x", "SSH_AUTH_SOCK": "/x"}
    assert scrubbed_env({"PORT": "1"}, given) == {"PATH": "/bin", "LC_ALL": "C", "PORT": "1"}
