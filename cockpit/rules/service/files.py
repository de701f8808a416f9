"""What is said of files as a whole: how long they are, how they are called, which must be there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from cockpit.providers.globs import matching
from cockpit.rules.service.regex import compiled
from cockpit.rules.types import Hit, Rule
from cockpit.rules.types.bodies import NamingBody, PathBody, SizeBody

_LINK = re.compile(r"(?<!!)\[[^\[\]\n]{0,300}\]\([ \t]{0,9}<?([^)\s>]{1,500})")
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|#|//")
_FENCE = re.compile(r"\s*(```|~~~)")
_NAMED = 20


def looked_at(rule: Rule, paths: Iterable[str]) -> list[str]:
    """Return the files that a rule of ours looks at."""
    return matching(paths, [*(rule.files or ("**",)), *(f"!{glob}" for glob in rule.ignores)])


def length_hits(rule: Rule, body: SizeBody, path: str, text: str) -> Iterator[Hit]:
    """Yield an objection to a file that is too long."""
    if body.max_lines is not None and text.count("\n") > body.max_lines:
        lines = text.count("\n")
        message = f"the file has {lines} lines, more than {body.max_lines}"
        yield Hit(rule=rule.id, path=path, line=1, text=posixpath.basename(path), message=_with(rule, message))


def change_hits(rule: Rule, body: SizeBody, changed: Collection[str]) -> Iterator[Hit]:
    """Yield an objection to a change of too many files."""
    touched = len(looked_at(rule, changed))
    if body.max_changed_files is not None and touched > body.max_changed_files:
        message = f"the change touches {touched} files, more than {body.max_changed_files}"
        yield Hit(rule=rule.id, text="change", message=_with(rule, message))


def name_hits(rule: Rule, body: NamingBody, path: str) -> Iterator[Hit]:
    """Yield objections to how a file and its folders are called."""
    *folders, name = path.split("/")
    wrong = [("file", name)] if body.files and not _fits(body.files, name) else []
    wrong += [("folder", one) for one in folders if body.folders and not _fits(body.folders, one)]
    for what, one in wrong:
        pattern = body.files if what == "file" else body.folders
        message = f"the {what} name {one!r} does not match {pattern}"
        yield Hit(rule=rule.id, path=path, line=1, text=one, message=_with(rule, message))


def path_hits(rule: Rule, body: PathBody, paths: Sequence[str], changed: Collection[str] | None) -> Iterator[Hit]:
    """Yield objections to which files there are, and to what did not change together.

    Args:
        rule: the rule.
        body: what it asks.
        paths: all files.
        changed: the files that a change touches; None: no change is looked at.
    """
    concerned = looked_at(rule, paths)
    for glob in body.exist:
        if not matching(paths, [glob]):
            yield Hit(rule=rule.id, text=glob, message=_with(rule, f"no file matches {glob}"))
    if body.absent:
        for path in concerned:
            yield Hit(rule=rule.id, path=path, line=1, text=path, message=_with(rule, "the file must not be here"))
    if body.beside:
        yield from _alone(rule, body.beside, concerned, frozenset(paths))
    if body.together and changed is not None:
        yield from _apart(rule, body.together, changed)


def link_hits(rule: Rule, path: str, text: str, known: Collection[str]) -> Iterator[Hit]:
    """Yield objections to relative links in a Markdown file that lead nowhere.

    Args:
        rule: the rule.
        path: the file.
        text: what it says.
        known: all files, and all folders.
    """
    is_code = False
    for number, line in enumerate(text.split("\n"), 1):
        if _FENCE.match(line):
            is_code = not is_code
        if is_code:
            continue
        for found in _LINK.finditer(line[:4000]):
            target = found[1].partition("#")[0].partition("?")[0]
            if not target or _ELSEWHERE.match(found[1]):
                continue
            start = "" if target.startswith("/") else posixpath.dirname(path)
            place = posixpath.normpath(posixpath.join(start, target.lstrip("/")))
            if place not in known and place != ".":
                message = _with(rule, f"the link leads to {target}, which does not exist")
                yield Hit(rule=rule.id, path=path, line=number, column=found.start() + 1, text=target, message=message)


def folders_of(paths: Iterable[str]) -> set[str]:
    """Return every folder that holds one of the files, directly or not."""
    found: set[str] = set()
    for path in paths:
        folder = posixpath.dirname(path)
        while folder and folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return found


def _alone(rule: Rule, beside: str, concerned: Sequence[str], known: Collection[str]) -> Iterator[Hit]:
    for path in concerned:
        folder, name = posixpath.split(path)
        stem = name.rpartition(".")[0] or name
        fields = {"{folder}": folder, "{name}": name, "{stem}": stem}
        wanted = beside
        for field, value in fields.items():
            wanted = wanted.replace(field, value)
        wanted = posixpath.normpath(wanted)
        if wanted not in known:
            yield Hit(rule=rule.id, path=path, line=1, text=path, message=_with(rule, f"{wanted} is missing"))


def _apart(rule: Rule, together: Sequence[str], changed: Collection[str]) -> Iterator[Hit]:
    touched = looked_at(rule, sorted(changed))
    if touched and not matching(changed, together):
        named = ", ".join(touched[:3]) + (f" and {len(touched) - 3} more" if len(touched) > 3 else "")
        message = _with(rule, f"{named} changed, but nothing that matches {' or '.join(together)}")
        yield Hit(rule=rule.id, path=touched[0], line=1, text=" ".join(touched[:_NAMED]), message=message)


def _fits(pattern: str, name: str) -> bool:
    return compiled(f"^(?:{pattern})$").is_in(name)


def _with(rule: Rule, message: str) -> str:
    """Return what was seen, and what the rule has to say about it."""
    return f"{message}: {rule.message}" if rule.message else message
