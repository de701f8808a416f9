"""Which git commands tell by their words what they do. All others, aliases among them, are asked about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cockpit.approvals.service.danger import Danger, Shape, named

_BEFORE = frozenset(("--no-pager", "-P", "--no-optional-locks", "--literal-pathspecs", "--version", "--help"))
_READING = named(
    "blame cat-file check-ignore count-objects describe diff diff-tree grep log ls-files ls-tree merge-base name-rev"
    " rev-list rev-parse shortlog show status version whatchanged"
)
_UNREADABLE = ("output", "ext-diff", "textconv", "open-files-in-pager", "filters", "paginate", "exec", "upload-pack")
"""Long options of reading commands that write or run something. Git takes every unambiguous beginning of a name."""
_WRITING: dict[str, frozenset[str]] = {
    "add": named("-A -u -v -n -N --all --update --verbose --dry-run --intent-to-add --"),
    "commit": named("-m -a -am -q -v -s --all --quiet --verbose --signoff --allow-empty --no-edit --amend --"),
    "mv": named("-v -n -k --verbose --dry-run --"),
    "restore": named("--staged -S --worktree -W --"),
    "switch": named("-c --create -q --quiet"),
    "checkout": named("-b -q --quiet --"),
    "stash": named("-m -u --message --include-untracked"),
    "branch": named("-a -r -v -vv -l --all --remotes --verbose --list --show-current --contains --merged"),
    "tag": named("-l -n --list"),
    "fetch": named("-q -v --quiet --verbose --dry-run"),
    "pull": named("-q -v --quiet --verbose --ff-only"),
}
_TEXT = ("-m", "--message=")
"""Beginnings of options that hold a message."""
_REWRITING = named("filter-branch filter-repo rebase reset reflog gc prune replace update-ref push")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][\w./-]*")


def git_danger(arguments: Sequence[str]) -> Danger | None:
    """Return what speaks against a git command that begins with these arguments."""
    left = list(arguments)
    while left and left[0].startswith("-"):
        if left[0] not in _BEFORE:
            return Danger(Shape.CODE, f"git {left[0]}")
        left.pop(0)
    if not left:
        return None
    command, *words = left
    if any("::" in word or word.startswith("ext:") for word in words):
        return Danger(Shape.CODE, f"git {command} with an address that runs a program")
    if command in _READING:
        return _reading(command, words)
    if command in ("push", *_REWRITING):
        shape = Shape.PUBLISH if command == "push" and not _is_forced(words) else Shape.HISTORY
        return Danger(shape, f"git {command}")
    allowed = _WRITING.get(command)
    if allowed is None:
        return Danger(Shape.CODE, f"git {command}, which may be an alias")
    return _writing(command, words, allowed)


def _reading(command: str, words: Sequence[str]) -> Danger | None:
    for word in words:
        if word == "--":
            break
        name = word[2:].partition("=")[0] if word.startswith("--") else ""
        if name and any(bad.startswith(name) for bad in _UNREADABLE):
            return Danger(Shape.CODE, f"git {command} {word}")
        if command == "grep" and word.startswith("-") and not name and "O" in word:
            return Danger(Shape.CODE, f"git {command} {word}")
    return None


def _writing(command: str, words: Sequence[str], allowed: frozenset[str]) -> Danger | None:
    for number, word in enumerate(words):
        is_text = command == "commit" and (
            word.startswith(_TEXT) or (number > 0 and words[number - 1] in ("-m", "-am"))
        )
        if word.startswith("-") and not is_text and word not in allowed:
            return Danger(Shape.CODE, f"git {command} {word}")
        if command in ("fetch", "pull") and not word.startswith("-") and not _PLAIN_NAME.fullmatch(word):
            return Danger(Shape.HISTORY, f"git {command} {word}")
    if command == "branch" and sum(not word.startswith("-") for word in words) > 2:
        return Danger(Shape.CODE, f"git {command}")
    return None


def _is_forced(words: Sequence[str]) -> bool:
    return any(
        word.startswith(("+", ":", "--f", "--d", "--m", "--p"))
        or (word.startswith("-") and not word.startswith("--") and bool(set("fd") & set(word)))
        or ":" in word
        for word in words
    )
