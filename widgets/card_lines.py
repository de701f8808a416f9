"""What a card says: who asks, for what exactly, where and why. Every character of what is decided on is visible."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import NamedTuple

from cockpit.checks.types import CheckOutcome
from cockpit.providers.text import Safe, clean, clean_line, confusable, show_escaped
from cockpit.sessions.types import AttentionKind, RequestKind, RequestRaised
from cockpit.state.model import SessionState
from widgets.attention import SIGNS, Asker, AttentionRow
from widgets.card_diff import detail_lines
from widgets.cells import age, cut, fit, width_of, wrap, wrap_exact
from widgets.mistake_lines import MistakeSight, mistake_lines
from widgets.palette import Palette
from widgets.rows import Parts

_LABEL_WIDTH = 7
_NAME_WIDTH = 30
_BESIDE = 60
"""From this width on, what differs stands beside the names."""
OUTSIDE = "outside the workspace"
LEAVES = "leaves the sandbox"


def card_lines(
    row: AttentionRow, width: int, look: Palette, now: float, sight: MistakeSight | None = None
) -> list[Parts]:
    """Return the lines of the card above its keys, none wider than `width`."""
    room = width - 2
    lines: list[Parts] = [_head(row, room, look, now), *_exactly(row, room, look)]
    request = row.askers[0].request
    if request is not None and request.escalates:
        lines.append([(cut(Safe(LEAVES), room), look["waiting"])])
    if row.is_folded:
        lines += _askers(row, room, look)
    elif request is not None:
        lines += _field("who", agent_of(row.session), room, look)
        lines += _context(row.askers[0], request, room, look)
    if request is not None:
        lines += _content(row, request, room, look)
    lines += _detail(row, room, look)
    if row.is_mistake:
        lines += mistake_lines(sight, room, look, now)
    if row.item.kind is AttentionKind.READY:
        lines += _proof_lines(row.session, room, look)
    if words := confusable(_everything(row)):
        lines.append([(cut(Safe(f"look-alike letters: {', '.join(words)}"), room), look["failed"])])
    return [[(" ", look["ink"]), *parts] for parts in lines]


def agent_of(session: SessionState) -> Safe:
    """Return which agent works in a session, and with which model."""
    name, said = session.agent_name or session.task.agent, session.agent
    parts = [name] if name and not said.casefold().startswith(name.casefold()) else []
    return clean_line(" · ".join([*parts, *(part for part in (said, session.model) if part)]))


def where_of(asker: Asker) -> tuple[Safe, bool]:
    """Return the folder of a request, from the workspace where it lies in it, and whether it does not."""
    request, workspace = asker.request, asker.session.workspace
    if request is None or not request.cwd:
        return Safe(""), False
    return _inside(request.cwd, workspace.path if workspace is not None else "")


def _inside(path: str, workspace: str) -> tuple[Safe, bool]:
    root = workspace.rstrip("/")
    if root and path.rstrip("/") == root:
        return Safe("the workspace"), False
    if root and path.startswith(f"{root}/") and ".." not in path.split("/"):
        return show_escaped(path[len(root) + 1 :]), False
    return show_escaped(path), bool(root)


def _head(row: AttentionRow, room: int, look: Palette, now: float) -> Parts:
    sign, meaning = SIGNS[row.item.kind]
    waited = f"waiting {age(now - row.item.since)}"
    word = f"{sign} {row.kind_word} "
    left = room - len(word) - len(waited) - 2
    if row.is_mistake:
        since = f"  since {age(now - row.item.since)}"
        words = cut(Safe("no agent waits for it"), room - len(word) - len(since))
        return [(word, look[meaning]), (words, look["dim"]), (since, look["dim"])]
    if not row.is_folded:
        name = cut(Safe(f"{row.session.number} {clean_line(row.session.name)}"), left)
        return [(word, look[meaning]), (name, look["dim"]), (f"  {waited}", look["dim"])]
    number = len({asker.session.id for asker in row.askers})
    does = "ask" if row.item.kind is AttentionKind.REQUEST else "wait for"
    several = f"{number} sessions {does} the same" if number > 1 else f"asked {len(row.askers)} times"
    if len(several) >= left:
        several = several.replace("sessions ", "")
    return [(word, look[meaning]), (cut(Safe(f" {several}"), left), look["title"]), (f"  {waited}", look["dim"])]


def _exactly(row: AttentionRow, room: int, look: Palette) -> Iterator[Parts]:
    """What is asked, whole: every line of it begins with a bar, so that a broken line is not taken for two."""
    request = row.askers[0].request
    if request is None or request.kind in (RequestKind.QUESTION, RequestKind.EDIT):
        for words in wrap(show_escaped(row.item.title), room):
            yield [(words, look["strong"])]
        return
    command = request.shell or shlex.join(request.argv)
    shown: list[str] = [request.title]
    if command and request.title not in (command, " ".join(request.argv)):
        shown.append(command)
    for number, text in enumerate(shown):
        for line in str(show_escaped(text)).split("\n"):
            for place, piece in enumerate(wrap_exact(Safe(line), room - 2)):
                yield [("  " if place else "▏ ", look["accent"]), (piece, look["accent" if number else "strong"])]


def _context(asker: Asker, request: RequestRaised, room: int, look: Palette) -> Iterator[Parts]:
    where, is_outside = where_of(asker)
    if where:
        yield from _field("in", where, room, look, warning=OUTSIDE if is_outside else "")
    if request.reason.strip():
        yield from _field("why", clean(request.reason.strip()), room, look)


def _content(row: AttentionRow, request: RequestRaised, room: int, look: Palette) -> Iterator[Parts]:
    """What the request is about beyond its title: files, host, tool, suggested answers."""
    workspace = row.session.workspace
    for place, path in enumerate(request.paths):
        shown, is_outside = _inside(path, workspace.path if workspace is not None else "")
        yield from _field("" if place else "files", shown, room, look, warning=OUTSIDE if is_outside else "")
    if request.host:
        yield from _field("host", show_escaped(request.host), room, look)
    if request.tool:
        yield from _field("tool", show_escaped(request.tool), room, look)
    for number, option in enumerate(request.options, 1):
        yield [(f"{number} ", look["accent"]), (cut(clean_line(option), room - 3), look["ink"])]


class _Told(NamedTuple):
    """What may differ between sessions that ask alike."""

    agent: Safe
    where: tuple[Safe, bool]
    reason: Safe
    title: Safe


def _told(asker: Asker) -> _Told:
    reason = clean(asker.request.reason.strip()) if asker.request is not None else Safe("")
    return _Told(agent_of(asker.session), where_of(asker), reason, show_escaped(asker.item.title))


def _askers(row: AttentionRow, room: int, look: Palette) -> Iterator[Parts]:
    """Who asks alike, and what differs between them; what does not is said once."""
    all_told = [_told(asker) for asker in row.askers]
    first = all_told[0]
    differs = {name for name in _Told._fields if any(getattr(told, name) != getattr(first, name) for told in all_told)}
    if "agent" not in differs:
        yield from _field("who", first.agent, room, look)
    if "where" not in differs:
        yield from _field("in", first.where[0], room, look, warning=OUTSIDE if first.where[1] else "")
    if "reason" not in differs:
        yield from _field("why", first.reason, room, look)
    for asker, told in zip(row.askers, all_told, strict=True):
        yield from _asker(asker.session, told, differs, room, look)


def _asker(session: SessionState, told: _Told, differs: set[str], room: int, look: Palette) -> Iterator[Parts]:
    number, name, inset = f"{session.number:>3} ", clean_line(session.name), "    "
    where, is_outside = told.where if "where" in differs else (Safe(""), False)
    own = Safe("  ".join(filter(None, (told.agent if "agent" in differs else "", f"in {where}" if where else ""))))
    if not own or room < _BESIDE:
        yield [(number, look["dim"]), (cut(name, room - len(inset)), look["ink"])]
        for line in wrap(own, room - len(inset)) if own else ():
            yield [(inset, look["dim"]), (line, look["dim"])]
    else:
        name_width = min(_NAME_WIDTH, room // 3)
        for place, line in enumerate(wrap(own, room - 5 - name_width)):
            head = fit(Safe("") if place else name, name_width)
            yield [(inset if place else number, look["dim"]), (f"{head} ", look["ink"]), (line, look["dim"])]
    if "title" in differs:
        for piece in (one for line in str(told.title).split("\n") for one in wrap_exact(Safe(line), room - len(inset))):
            yield [(inset, look["dim"]), (piece, look["strong"])]
    if is_outside:
        yield [(inset, look["dim"]), (cut(Safe(OUTSIDE), room - len(inset)), look["failed"])]
    if "reason" in differs:
        for line in wrap(told.reason or Safe("gives no reason"), room - len(inset)):
            yield [(inset, look["dim"]), (line, look["ink" if told.reason else "dim"])]


def _detail(row: AttentionRow, room: int, look: Palette) -> Iterator[Parts]:
    """The diff or the arguments of a request; of anything else, what its item says beyond the title."""
    request = row.askers[0].request
    if request is None:
        if row.item.detail.strip() and not row.is_mistake:
            for line in wrap(clean(row.item.detail.strip()), room):
                yield [(line, look["ink"])]
        return
    details = {asker.request.detail for asker in row.askers if asker.request is not None}
    if len(details) > 1:
        yield [(cut(Safe("What comes with it differs: take each alone to see it."), room), look["badge"])]
    elif request.detail.strip():
        yield from detail_lines(request, room, look)


def _field(label: str, text: Safe, room: int, look: Palette, *, warning: str = "") -> Iterator[Parts]:
    if not text:
        return
    for place, line in enumerate(wrap(text, max(8, room - _LABEL_WIDTH))):
        yield [(f"{'' if place else label:<{_LABEL_WIDTH}}", look["dim"]), (line, look["ink"])]
    if warning:
        yield [(" " * _LABEL_WIDTH, look["dim"]), (cut(Safe(warning), room - _LABEL_WIDTH), look["failed"])]


def _everything(row: AttentionRow) -> str:
    """Return every text whose letters matter for the decision."""
    texts = [row.item.title]
    for asker in row.askers:
        if (request := asker.request) is not None:
            texts += [*request.argv, request.shell, request.cwd, *request.paths, request.host, request.tool]
    return " ".join(dict.fromkeys(text for text in texts if text))


def _proof_lines(session: SessionState, room: int, look: Palette) -> list[Parts]:
    receipt = session.receipt
    change = session.change
    first: Parts = [(f"commit {clean_line(session.commit[:10]) or '-'}", look["ink"])]
    if change is not None:
        first += [
            (f"  {len(change.files)} file{'' if len(change.files) == 1 else 's'} ", look["dim"]),
            (f"+{change.added}", look["added"]),
            (f" -{change.removed}", look["removed"]),
        ]
    if receipt is None:
        return [first, [("no receipt yet: it cannot be approved", look["failed"])]]
    passed = sum(result.outcome is CheckOutcome.PASSED for result in receipt.results)
    names = ", ".join(clean_line(result.check) for result in receipt.results)
    verdict = look["ready"] if receipt.is_clean else look["failed"]
    proof: Parts = [(f"{passed}/{len(receipt.results)} checks passed", verdict)]
    if names:
        proof.append((cut(Safe(f"  {names}"), room - width_of(proof)), look["dim"]))
    return [first, proof]
