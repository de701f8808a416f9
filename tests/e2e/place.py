"""One repository with a cockpit of its own: folders, settings, processes, and a terminal server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil
import yaml

from cockpit.providers.paths import Paths
from tests.e2e.terminal import Terminal, TerminalServer

COCKPIT = Path(sys.executable).with_name("cockpit")
_INHERITED = (
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "PYTHONPATH",
    "PIP_INDEX_URL",
    "PIP_CONFIG_FILE",
    "SSL_CERT_FILE",
)


class Place:
    """A git repository, a COCKPIT_HOME, and everything that runs for them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "h"
        self.repo = folder / "shop"
        self.home.mkdir()
        self.repo.mkdir()
        self._git_config = folder / "gitconfig"
        self._git_config.write_text("[user]\nname = Ada\nemail = ada@localhost\n[init]\ndefaultBranch = main\n")
        self.terminals = TerminalServer(self.env)

    @property
    def env(self) -> dict[str, str]:
        """The environment of everything that is started here."""
        return {
            **{name: os.environ[name] for name in _INHERITED if name in os.environ},
            "PATH": f"{COCKPIT.parent}:{os.environ['PATH']}",
            "COCKPIT_HOME": str(self.home),
            "GIT_CONFIG_GLOBAL": str(self._git_config),
            "GIT_CONFIG_NOSYSTEM": "1",
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LANG": "C.UTF-8",
            "TMUX_TMPDIR": str(self.folder),
        }

    @property
    def paths(self) -> Paths:
        """Where the cockpit keeps things of this repository."""
        return Paths.for_repo(self.repo, self.env)

    # --- the repository

    def write(self, files: Mapping[str, str]) -> None:
        """Write files into the person's checkout."""
        for name, text in files.items():
            path = self.repo / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def commit(self, files: Mapping[str, str], message: str = "Begin") -> None:
        """Commit files, in a repository that is made where there is none."""
        self.write(files)
        if not (self.repo / ".git").exists():
            self.git("init", "-q")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)

    def git(self, *words: str) -> str:
        """Run git in the person's checkout and return what it says."""
        done = subprocess.run(
            ("git", *words), cwd=self.repo, env=self.env, capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 0, f"git {words}: {done.stderr}"
        return done.stdout.strip()

    def script(self, rules: Sequence[Mapping[str, Any]]) -> str:
        """Write the script of the model and return its path."""
        path = self.folder / "script.yaml"
        path.write_text(yaml.safe_dump({"model": "scripted", "rules": list(rules)}, sort_keys=False))
        return str(path)

    # --- the cockpit

    def cockpit(self, *words: str, stdin: str = "", timeout_s: float = 50) -> subprocess.CompletedProcess[str]:
        """Run the command in the repository, without a terminal."""
        return subprocess.run(
            (str(COCKPIT), *words),
            cwd=self.repo,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def terminal(self, columns: int = 160, rows: int = 48) -> Terminal:
        """Open a terminal in the repository."""
        return self.terminals.open(self.repo, columns, rows)

    def processes(self, module: str = "") -> list[psutil.Process]:
        """Return the processes that serve this place, agents too; with `module` only those that run it."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                about = [*words, process.cwd(), *process.environ().values()]
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
            if any(str(self.folder) in one for one in about) and (not module or module in words[1:]):
                found.append(process)
        return found

    def close(self) -> list[str]:
        """End everything the way a person would; returns what is still alive afterwards, killed by now."""
        self.cockpit("down")
        for host in self.processes("cockpit.screens.host"):
            host.terminate()
        self.terminals.close()
        _, alive = psutil.wait_procs(self.processes(), timeout=5)
        left = [" ".join(process.cmdline()) for process in self.processes()]
        for process in alive:
            process.kill()
        return left
