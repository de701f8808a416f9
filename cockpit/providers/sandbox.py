"""Confines one agent for its whole life with bubblewrap: what it may write, read, reach and see.

Nothing is taken on trust: `Sandbox.detect` believes in bubblewrap only after a probe that tried to get out.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HOME_SECRETS = (
    *(".ssh", ".gnupg", ".password-store", ".local/share/keyrings", ".config/keyrings", ".Xauthority", ".ICEauthority"),
    *(".netrc", ".git-credentials", ".config/git/credentials", ".config/gh", ".config/hub", ".config/glab-cli"),
    *(".aws", ".azure", ".config/gcloud", ".boto", ".s3cfg", ".oci", ".fly", ".kube", ".docker", ".config/containers"),
    *(".config/doctl", ".config/hcloud", ".config/heroku", ".config/netlify", ".config/rclone", ".config/sops"),
    *(
        ".config/op",
        ".vault-token",
        ".terraform.d",
        ".terraformrc",
        ".pypirc",
        ".npmrc",
        ".yarnrc.yml",
        ".gem/credentials",
    ),
    *(".cargo/credentials", ".cargo/credentials.toml", ".m2/settings.xml", ".m2/settings-security.xml"),
    *(".gradle/gradle.properties", ".composer/auth.json", ".nuget/NuGet", ".subversion/auth", ".pgpass", ".my.cnf"),
    *(".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history", ".mysql_history"),
    *(".local/share/fish/fish_history", ".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium"),
    *(
        ".config/BraveSoftware",
        ".config/Signal",
        ".claude/.credentials.json",
        ".codex/auth.json",
        ".gemini/oauth_creds.json",
    ),
    *(
        ".config/openai",
        ".config/anthropic",
        ".config/github-copilot",
        ".openai",
        ".huggingface",
        ".cache/huggingface/token",
    ),
)
"""What is hidden below HOME where it exists. A driver that needs its own log-in names it in `Policy.read_only`."""

_SYSTEM_SECRETS = (
    "/etc/shadow",
    "/etc/shadow-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/ssh",
    "/etc/krb5.keytab",
    "/etc/sudoers.d",
)
_RESOLVER = ("/run/systemd/resolve", "/run/NetworkManager/resolv.conf", "/run/resolvconf")

_ALLOWED_VARIABLES = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "COLORTERM", "NO_COLOR", "TZ", "LANG", "LANGUAGE"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE"),
        *("CARGO_HOME", "RUSTUP_HOME", "GOPATH", "GOROOT", "JAVA_HOME", "NVM_DIR", "PYENV_ROOT", "PNPM_HOME"),
    }
)
_PROBE_TIMEOUT_S = 20
_EMPTIED = (Path("/run"), Path("/var/tmp"), Path("/tmp"))
_OWN = (Path(sys.prefix), Path(sys.base_prefix), Path(__file__).parents[2])
"""What agents and checks are run with: our interpreter, its packages, this code."""

_EMPTY_FILE = Path(__file__).with_name("sandbox_empty")
"""Stands in for a hidden file. A device such as /dev/null could not be opened there, and npm stops over that."""


class SandboxError(Exception):
    """A policy cannot be carried out. The message says which path and why."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What one agent may do. It comes from the task and the user's settings, never from the agent."""

    workspace: Path
    """Writable, except for the `.git` file that links it to its repository."""
    tmp: Path | None = None
    """The session's temporary folder: writable at its own path and as `/tmp`. None gives a `/tmp` in memory."""
    writable: tuple[Path, ...] = ()
    read_only: tuple[Path, ...] = ()
    """Visible though below something hidden, or unwritable though below something writable."""
    hidden: tuple[Path, ...] = ()
    """Empty to the agent: the journal, spools, sockets, other workspaces. What else is named here wins over it."""
    network: bool = False
    """Without it the agent has a loopback of its own, and nothing else."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What this machine offers to confine an agent."""

    program: str | None
    """Path of bubblewrap, or None when agents run unconfined."""
    problem: str = ""
    """Why agents run unconfined."""

    @classmethod
    def detect(cls) -> Sandbox:
        """Find bubblewrap and prove that it confines. Blocks for some 50 ms the first time; then the answer is kept."""
        return _detect()

    @property
    def is_active(self) -> bool:
        """Whether `wrap` confines."""
        return self.program is not None

    def describe(self) -> str:
        """Say in one plain line what agents are confined by, for a person."""
        return "sandboxed with bubblewrap" if self.is_active else f"not sandboxed: {self.problem}"

    def wrap(self, argv: Sequence[str], policy: Policy) -> list[str]:
        """Return the command that runs `argv` under `policy`; `argv` itself where nothing can confine it.

        Raises:
            SandboxError: a writable path of the policy is missing, or leads out of the workspace by a link in it.
        """
        if self.program is None:
            return list(argv)
        workspace = _real(policy.workspace)
        writable = [_checked(path, workspace) for path in (*policy.writable, policy.workspace)]
        tmp = _checked(policy.tmp, workspace) if policy.tmp else None
        hidden = _hidden_paths(policy.hidden)
        folders = [path for path in hidden if path.is_dir()]
        files = [path for path in hidden if not path.is_dir()]
        shown = [_real(path) for path in policy.read_only]
        link = workspace / ".git"
        if link.is_file() and not link.is_symlink():
            shown.append(link)
        return [
            *(
                self.program,
                "--unshare-user",
                "--unshare-pid",
                "--unshare-ipc",
                "--unshare-uts",
                "--unshare-cgroup-try",
            ),
            *(() if policy.network else ("--unshare-net",)),
            *("--die-with-parent", "--new-session", "--cap-drop", "ALL"),
            *("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"),
            *_each("--tmpfs", [path for path in _EMPTIED if path != Path("/tmp") or tmp is None]),
            *(_pair("--ro-bind-try", map(Path, _RESOLVER)) if policy.network else ()),
            *(("--bind", str(tmp), "/tmp") if tmp else ()),
            # Before what is hidden, which may lie below it.
            *_pair("--ro-bind", _own_below_emptied()),
            *_each("--tmpfs", folders),
            *_each("--ro-bind", files, source=str(_EMPTY_FILE)),
            *_pair("--bind", writable),
            *(_pair("--bind", [tmp]) if tmp else ()),
            *_pair("--ro-bind", [path for path in shown if path.exists()]),
            # Last, because what is shown or writable below a hidden folder is mounted on an entry made in it.
            *_each("--remount-ro", folders),
            *("--chdir", str(workspace), "--", *argv),
        ]


def scrubbed_env(extra: Mapping[str, str], env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return an environment without our tokens: what a program needs to run and speak its language, plus `extra`."""
    kept = {name: value for name, value in env.items() if name in _ALLOWED_VARIABLES or name.startswith("LC_")}
    return {**kept, **extra}


def _own_below_emptied() -> list[Path]:
    """Return which of our own folders are installed where the sandbox has its own, empty folders, outermost first."""
    found: list[Path] = []
    for path in sorted({_real(path) for path in _OWN}):
        is_gone = any(path.is_relative_to(emptied) for emptied in _EMPTIED)
        if is_gone and not any(path.is_relative_to(outer) for outer in found):
            found.append(path)
    return found


def _hidden_paths(named: Iterable[Path]) -> list[Path]:
    """Return what to hide, outermost first: a folder hidden inside a hidden one is not mounted twice."""
    home = Path(os.environ.get("HOME") or Path.home())
    candidates = [*(home / name for name in HOME_SECRETS), *map(Path, _SYSTEM_SECRETS), *named]
    found: list[Path] = []
    for path in sorted({_real(path) for path in candidates if os.path.lexists(path)}):
        if path.exists() and not any(path.is_relative_to(outer) for outer in found):
            found.append(path)
    return found


def _checked(path: Path, workspace: Path) -> Path:
    real = _real(path)
    if not real.exists():
        raise SandboxError(f"{path} does not exist, so it cannot be made writable")
    named = Path(os.path.abspath(path))  # noqa: PTH100 - `resolve` would follow the link that is looked for
    if named.is_relative_to(workspace) and not real.is_relative_to(workspace):
        raise SandboxError(f"{path} leads out of the workspace to {real}; it is not made writable")
    return real


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _each(option: str, paths: Iterable[Path], source: str | None = None) -> list[str]:
    return [word for path in paths for word in (option, *([source] if source else []), str(path))]


def _pair(option: str, paths: Iterable[Path]) -> list[str]:
    return [word for path in paths for word in (option, str(path), str(path))]


@functools.cache
def _detect() -> Sandbox:
    program = shutil.which("bwrap")
    if program is None:
        return Sandbox(None, "bubblewrap is not installed")
    sandbox = Sandbox(program)
    with tempfile.TemporaryDirectory(prefix="cockpit-probe-") as folder:
        outside, workspace = Path(folder, "outside"), Path(folder, "workspace")
        outside.mkdir()
        workspace.mkdir()
        attempt = f'echo x >"{outside}/escaped"; echo $$ >inside; test ! -e /proc/{os.getpid()}/cwd'
        policy = Policy(workspace, read_only=(outside,))
        try:
            done = subprocess.run(
                sandbox.wrap(["/bin/sh", "-c", attempt], policy),
                capture_output=True,
                timeout=_PROBE_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as error:
            return Sandbox(None, f"bubblewrap does not run here ({error})")
        if done.returncode != 0 or not (workspace / "inside").exists():
            reason = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            return Sandbox(None, f"bubblewrap does not work here ({reason or f'status {done.returncode}'})")
        if (outside / "escaped").exists():
            return Sandbox(None, "bubblewrap does not confine here (a write outside the workspace succeeded)")
    return sandbox
