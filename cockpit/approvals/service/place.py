"""Where a request comes from, and what the names in it stand for there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cockpit.approvals.service.danger import Danger, Shape, named

Resolve = Callable[[str], str]
"""Returns the real, absolute path behind an absolute one, links followed; whoever composes this hands it in."""

_HARMLESS = named("/dev/null /dev/stdin /dev/stdout /dev/stderr /dev/zero /dev/tty")
_PROGRAM_FOLDERS = ("/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
_SECRET = named(
    ".git .gitconfig .gitmodules .gitattributes .git-credentials .ssh .aws .azure .gcloud .gnupg .kube .docker .netrc"
    " _netrc .pgpass .npmrc .yarnrc .yarnrc.yml .pnp.cjs .pypirc pip.conf .bashrc .bash_profile .bash_login .profile"
    " .zshrc .zshenv .zprofile .zlogin .config .cockpit cockpit.toml .claude .codex .gemini .opencode .qwen .cursor"
    " .mcp.json .vscode .idea .envrc .direnv .husky .pre-commit-config.yaml authorized_keys known_hosts id_rsa"
    " id_ed25519 id_ecdsa id_dsa sitecustomize.py usercustomize.py"
)
"""Names, in lower case, of what holds secrets or is obeyed by programs that run outside the sandbox."""
_SECRET_BEGINNING = (".env",)
_SECRET_END = (".pem", ".key", ".p12", ".pfx", ".kdbx", ".keychain")
_PIECES = re.compile(r"[=:,;@]")
_CLUSTER = 16


@dataclass(frozen=True, slots=True)
class Place:
    """A session's workspace, as requests name it."""

    workspace: str
    """Absolute."""
    session: str = ""
    ports: tuple[int, ...] = ()
    free: tuple[str, ...] = ()
    """Folders outside the workspace that are the session's own, such as its TMPDIR."""
    resolve: Resolve = posixpath.normpath

    def folder(self, cwd: str) -> str | None:
        """Return a working folder relative to the workspace, empty for the workspace itself; None: outside."""
        return self.inside(posixpath.join(self.workspace, cwd) if cwd else self.workspace)

    def inside(self, path: str) -> str | None:
        """Return an absolute path relative to the workspace, links followed; None when it leads outside."""
        return _below(self.resolve(path), self.resolve(self.workspace))

    def relative(self, word: str, folder: str) -> str:
        """Return a word in which the workspace's own path is written as a relative one, meaning the same."""
        head, equals, value = word.rpartition("=")
        inside = _below(value, self.workspace) if value.startswith("/") and ".." not in value.split("/") else None
        if inside is None:
            return word
        short = posixpath.relpath(inside or ".", folder or ".")
        return f"{head}{equals}{short if '/' in short or equals else './' + short}"

    def located(self, text: str) -> str:
        """Return a text in which `.` stands for the workspace."""
        return re.sub(rf"{re.escape(self.workspace)}(?![\w.-])", ".", text)

    def normalised(self, text: str) -> str:
        """Return a text without what differs between sessions: the workspace's path, its ports, the session's name."""
        text = self.located(text)
        if self.session:
            text = re.sub(rf"(?<![\w-]){re.escape(self.session)}(?![\w-])", "<session>", text)
        for port in self.ports:
            text = re.sub(rf"(?<!\d){port}(?!\d)", "<port>", text)
        return text

    def danger_of_word(self, word: str, folder: str, *, is_program: bool = False) -> Danger | None:
        """Return what speaks against a word as the name of a file; words that name none are taken for names, too."""
        for piece in self._names_in(word):
            if is_secret(piece):
                return Danger(Shape.SECRET, word)
            if piece in _HARMLESS or (is_program and posixpath.dirname(piece) in _PROGRAM_FOLDERS):
                continue
            if danger := self.danger_of_path(posixpath.join(self.workspace, folder, piece), word):
                return danger
        return None

    def danger_of_path(self, path: str, shown: str) -> Danger | None:
        """Return what speaks against touching an absolute path."""
        if path.startswith("~"):
            return Danger(Shape.OUTSIDE, shown)
        inside = self.inside(path)
        if inside is None:
            real = self.resolve(path)
            is_own = any(_below(real, self.resolve(folder)) is not None for folder in self.free)
            return None if is_own else Danger(Shape.OUTSIDE, shown)
        return Danger(Shape.SECRET, shown) if is_secret(inside) else None

    @staticmethod
    def _names_in(word: str) -> Iterator[str]:
        """Yield what may be a file's name in a word: the word, the value of an option, the parts of a list."""
        pieces = {word, *_PIECES.split(word)}
        if word.startswith("-") and not word.startswith("--"):
            pieces |= {word[at:] for at in range(2, min(len(word), _CLUSTER))}  # a value glued to a row of options
        for piece in pieces:
            if piece.startswith("~"):
                yield "/" + piece  # another's home, or one's own: outside in any case
            elif piece and not piece.startswith("-"):
                yield piece


def is_secret(path: str) -> bool:
    """Return whether a path names, or lies below, what holds secrets or is obeyed by programs, in any spelling."""
    for component in path.casefold().replace("\\", "/").split("/"):
        name = component.rstrip(". ")
        if name in _SECRET or name.startswith(_SECRET_BEGINNING) or (name.endswith(_SECRET_END) and len(name) > 4):
            return True
        if name.startswith(".") and re.search(r"[*?\[{]", name):
            return True  # a pattern that may stand for one of them
    return False


def _below(path: str, folder: str) -> str | None:
    """Return a path relative to a folder; None when it is not in it."""
    if path == folder:
        return ""
    return path[len(folder) + 1 :] if path.startswith(folder.rstrip("/") + "/") else None
