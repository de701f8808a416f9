"""Reads the text of a shell command as far as its meaning is beyond doubt: plain words, quotes, and lists of them.

Whatever a shell would expand, substitute, redirect or define makes a text *exact* (the same text may be allowed,
nothing that resembles it) or *opaque* (it may be answered, never allowed for good).
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from enum import IntEnum

from cockpit.approvals.service.danger import named

TEXT_LIMIT = 8_000
"""Longer texts are opaque: nobody reads them on a card."""


class Form(IntEnum):
    """How well a command is understood."""

    PLAIN = 0
    """Words and nothing else: a line may tell it by its beginning."""
    EXACT = 1
    """Understood, but its meaning depends on more than its first words."""
    OPAQUE = 2
    """What it does cannot be read off its text."""


@dataclass(frozen=True, slots=True)
class Part:
    """One command of a list."""

    words: tuple[str, ...]
    is_fed: bool = False
    """It reads the output of the command before it."""


@dataclass(frozen=True, slots=True)
class Script:
    """What a text means to a shell."""

    form: Form
    parts: tuple[Part, ...] = ()
    operators: tuple[str, ...] = ()
    folder: str = ""
    """Where it begins with `cd FOLDER &&`: that folder, as written. The parts do not hold it."""
    why: str = ""
    """What keeps it from being plain, for people."""

    @property
    def text(self) -> str:
        """The command in one spelling, whatever the quotes and spaces were."""
        words = [shlex.join(part.words) for part in self.parts]
        listed = [
            f"{'' if glue == ';' else ' '}{glue} {text}" for glue, text in zip(self.operators, words[1:], strict=True)
        ]
        return "".join((words[0], *listed)) if words else ""


_TOKEN = re.compile(
    r"(?P<space>[ \t]+)"
    r"|(?P<quiet>(?:[12]?>[ \t]?/dev/null|2>&1|1>&2|>&2)(?=[ \t;|&]|$))"
    r"|(?P<operator>&&|\|\||;|\|(?!&))"
    r"|(?P<redirect>[0-9]?(?:>>|>|<)(?![(&<>|])[ \t]*)"
    r"|(?P<plain>(?:[A-Za-z0-9_@%+=:,./-]|(?<=[A-Za-z0-9])~)+)"
    r"|'(?P<single>[^'\n]*)'"
    r'|"(?P<double>[^"$`\\!\n]*)"'
    r"|(?P<pattern>[*?~^]|\[[A-Za-z0-9_-]*\])"
)
_STATE = named(
    ". : [[ alias bg bind break builtin case cd command complete continue coproc declare dirs disown do done elif"
    " else enable esac eval exec exit export fc fg fi for function getopts hash history if in jobs let local logout"
    " mapfile popd pushd read readarray readonly return select set shift shopt source suspend then time times trap"
    " typeset ulimit umask unalias unset until wait while"
)
"""Words that change what the commands after them mean, or begin something that is no plain command."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(\[[^]]*\])?\+?=")
_DURATION = re.compile(r"\d{1,6}(\.\d+)?[smh]?")
_SHELLS = frozenset(("sh", "bash", "zsh", "dash", "ksh"))
_RUN_TEXT = frozenset(("-c", "-lc", "-ic", "-cl", "-lic"))


def unwrap(argv: tuple[str, ...]) -> str:
    """Return the text that `bash -lc TEXT` has a shell read; empty: this is no such command."""
    if len(argv) < 3 or argv[0].rpartition("/")[2] not in _SHELLS or not _is_ours(argv[0]):
        return ""
    words = argv[1:]
    if len(words) == 3 and words[:2] == ("-l", "-c"):
        return words[2]
    return words[1] if len(words) == 2 and words[0] in _RUN_TEXT else ""


def _is_ours(program: str) -> bool:
    return program in _SHELLS or program.rpartition("/")[0] in (
        "/bin",
        "/usr/bin",
        "/usr/local/bin",
        "/opt/homebrew/bin",
    )


def read_words(argv: tuple[str, ...]) -> Script:
    """Return what a command means that no shell reads: its words stand for themselves."""
    if any(not _is_plain_text(word) for word in argv) or sum(map(len, argv)) > TEXT_LIMIT:
        return Script(
            Form.OPAQUE, (Part(argv),), why="it holds characters that cannot be told from others, or hides some"
        )
    return _sober(Script(Form.PLAIN, (Part(argv),)))


def read_shell(text: str) -> Script:
    """Return what a text means to a shell; never more than is certain."""
    text = text.strip()
    if not text or len(text) > TEXT_LIMIT:
        return Script(Form.OPAQUE, why="it is empty" if not text else "it is too long to be read")
    if not _is_plain_text(text):
        return Script(Form.OPAQUE, why="it holds characters that cannot be told from others, or hides some")
    reader = _Reader()
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None or not reader.take(token):
            return Script(Form.OPAQUE, why=f"a shell does more here than run words: {text[at : at + 12]!r}")
        at = token.end()
    script = reader.finish()
    if script is None:
        return Script(Form.OPAQUE, why="it is no whole command")
    return _sober(_in_folder(script))


class _Reader:
    """Puts tokens together to words, and words to a list of commands."""

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._operators: list[str] = []
        self._words: list[str] = []
        self._word: str | None = None
        self._is_exact = False
        self._owes_target = False

    def take(self, token: re.Match[str]) -> bool:
        """Take the next token. Returns whether it can stand where it does."""
        match token.lastgroup:
            case "space":
                self._end_word()
            case "quiet" | "redirect" if self._word is not None:
                return False  # a digit before it may belong to the word
            case "quiet":
                return not self._owes_target
            case "redirect":
                if self._owes_target:
                    return False
                self._is_exact = self._owes_target = True
            case "operator":
                return self._end_part(token[0])
            case "pattern":
                self._is_exact = True
                self._add(token[0])
            case kind:
                assert kind is not None
                self._add(token[kind])
        return True

    def finish(self) -> Script | None:
        """Return the list; None when something is missing."""
        if not self._end_part(""):
            return None
        form = Form.EXACT if self._is_exact else Form.PLAIN
        why = "it redirects output, or holds patterns that stand for other words" if self._is_exact else ""
        return Script(form, tuple(self._parts), tuple(self._operators[:-1]), why=why)

    def _add(self, text: str) -> None:
        self._word = (self._word or "") + text
        self._owes_target = False

    def _end_word(self) -> None:
        if self._word is not None:
            self._words.append(self._word)
            self._word = None

    def _end_part(self, operator: str) -> bool:
        self._end_word()
        if not self._words or self._owes_target:
            return False
        self._parts.append(Part(tuple(self._words), bool(self._operators) and self._operators[-1] == "|"))
        self._operators.append(operator)
        self._words = []
        return True


def _in_folder(script: Script) -> Script:
    """Take `cd FOLDER &&` off the beginning. `CDPATH` bends names that begin with neither `/` nor `./`."""
    first = script.parts[0].words
    if len(script.parts) > 1 and len(first) == 2 and first[0] == "cd" and script.operators[0] == "&&":
        folder = first[1]
        if script.form is Form.PLAIN and (folder.startswith(("/", "./")) or folder == "."):
            return replace(script, parts=script.parts[1:], operators=script.operators[1:], folder=folder)
    return script


def _sober(script: Script) -> Script:
    """Take harmless wrappers off, and look for words that are no plain commands."""
    parts = tuple(replace(part, words=_without_timeout(part.words)) for part in script.parts)
    for part in parts:
        program = part.words[0] if part.words else ""
        if program in _STATE or not program or program[0] in "=%-+^" or re.search(r"[*?\[~]", program):
            return replace(script, parts=parts, form=Form.OPAQUE, why=f"{program!r} is no plain command")
        if _ASSIGNMENT.match(program):
            why = "it sets variables for the command"
            return replace(script, parts=parts, form=max(script.form, Form.EXACT), why=why)
    return replace(script, parts=parts)


def _without_timeout(words: tuple[str, ...]) -> tuple[str, ...]:
    while len(words) > 2 and words[0] == "timeout" and _DURATION.fullmatch(words[1]):
        words = words[2:]
    return words


def _is_plain_text(text: str) -> bool:
    """Return whether every character is what it looks like: printable ASCII."""
    return all(" " <= character <= "~" or character == "\t" for character in text)
