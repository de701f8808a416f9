"""Mistakes as they are made, and what people say about them, told to the journal.

A round of checks tells which findings are new, with the code they are about, and what became of those that are gone. A
person's remark is kept with the diff that it was said about and, after the next round, with what was changed upon it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from cockpit.checks.service.comparison import Comparison
from cockpit.checks.types import Finding
from cockpit.journal.errors import JournalError
from cockpit.journal.types import Event, FindingsSeen, RemarkKept
from cockpit.providers.git import GitError
from cockpit.rules.types.mistakes import Fix, Remark, RemarkKind, Sighting
from cockpit.supervisor.conflicts import CHECK as CONFLICTS
from cockpit.types import SessionId, TreeId

if TYPE_CHECKING:
    from cockpit.supervisor.services import Services

log = logging.getLogger(__name__)

SHOWN_EACH = 3
"""Places of one fingerprint in one round that are kept as evidence."""
MOST_SEEN = 60
"""Places of one round that are kept."""
DIFF_LIMIT_BYTES = 12_000
_FILE_LIMIT_BYTES = 400_000
_MESSAGE_LIMIT = 300


async def witness(
    services: Services, session: SessionId, before: TreeId | None, tree: TreeId, compared: Comparison
) -> None:
    """Tell the journal what a round brought: what is new, what is gone, and what followed from remarks.

    Args:
        services: what sessions share.
        session: whose round it was.
        before: the tree of the round before; None: there was none.
        tree: the tree of this round.
        compared: its findings, seen from the round before.
    """
    new = [one for one in compared.new if one.fingerprint and one.check != CONFLICTS]
    left = {one.fingerprint for one in (*compared.new, *compared.still_open)}
    known = services.record.state.mistakes
    fixed = [
        one
        for one in compared.fixed
        if one.fingerprint in known and session in known[one.fingerprint].standing and before is not None
    ]
    gone = tuple(dict.fromkeys(one.fingerprint for one in fixed if one.fingerprint not in left))
    if new or fixed:
        texts = _Texts(services)
        seen = tuple([await _sighting(texts, tree, one) for one in _some_of_each(new)])
        put_right = [await _fix(texts, before, tree, one) for one in _some_of_each(fixed) if before is not None]
        fixes = tuple(one for one in put_right if one.good != one.bad)  # else it was put right somewhere else
        services.record.add(session, FindingsSeen(tree=tree, seen=seen, fixes=fixes, gone=gone))
    await keep_diffs(services, session, tree)


async def keep_diffs(services: Services, session: SessionId, tree: TreeId | None = None) -> None:
    """Keep the diffs that remarks of a session were about and, with the `tree` of a round, what followed from them."""
    remarks = [one for one in services.record.state.remarks.values() if one.session == session]
    for remark in remarks:
        if remark.tree is None or remark.base is None:
            continue
        events: list[Event] = []
        if _lacks_diff(remark) and (diff := await _diff(services, remark, remark.base, remark.tree)):
            events.append(RemarkKept(remark=remark.id, side="before", diff=diff))
        if tree not in (None, remark.tree) and remark.after_seq is None:
            assert tree is not None
            if diff := await _diff(services, remark, remark.tree, tree):
                events.append(RemarkKept(remark=remark.id, side="after", diff=diff))
        now = services.record.state.remarks.get(remark.id)  # another task may have been quicker
        if now is not None and (now.before_seq, now.after_seq) == (remark.before_seq, remark.after_seq):
            services.record.add(session, *events)


async def keep_diffs_quietly(services: Services, session: SessionId) -> None:
    """Keep what can be kept: no remark is worth the supervisor's life.

    Raises `JournalError`: nothing may happen that is not on disk.
    """
    try:
        await keep_diffs(services, session)
    except JournalError:
        raise
    except Exception:  # the edge of a task
        log.exception("the diff of a remark on %s was not kept", session)


def lacks_diff(services: Services, session: SessionId) -> bool:
    """Return whether a remark of a session waits for the diff that it was about."""
    remarks = services.record.state.remarks.values()
    return any(one.session == session and _lacks_diff(one) for one in remarks)


def _lacks_diff(remark: Remark) -> bool:
    return remark.before_seq is None and remark.tree is not None and remark.base != remark.tree


async def _diff(services: Services, remark: Remark, old: TreeId, new: TreeId) -> str:
    """Return a diff, of the commented file where it says anything; empty: there is none."""
    limit = DIFF_LIMIT_BYTES
    try:
        if remark.kind in (RemarkKind.COMMENT, RemarkKind.REVIEW) and (
            text := await services.repository.diff(old, new, [remark.path], limit_bytes=limit)
        ):
            return text
        return await services.repository.diff(old, new, limit_bytes=limit)
    except GitError as error:
        log.warning("no diff of remark %s: %s", remark.id, error)
        return ""


def _some_of_each(findings: Iterable[Finding]) -> list[Finding]:
    """Return the first few of each fingerprint, the first of each before all others."""
    by_turn: list[list[Finding]] = [[] for _ in range(SHOWN_EACH)]
    counts: dict[str, int] = {}
    for one in findings:
        turn = counts.get(one.fingerprint, 0)
        counts[one.fingerprint] = turn + 1
        if turn < SHOWN_EACH:
            by_turn[turn].append(one)
    return [one for turn in by_turn for one in turn][:MOST_SEEN]


class _Texts:
    """Files of trees, each read once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._read: dict[tuple[TreeId, str], Sequence[str]] = {}

    async def lines(self, tree: TreeId, path: str) -> Sequence[str]:
        """Return the lines of a file; none when it is not there, or is no text of a sensible size."""
        if not path:
            return ()
        if (tree, path) not in self._read:
            try:
                content = await self._services.repository.read_file(tree, path, _FILE_LIMIT_BYTES)
            except GitError:
                self._read[tree, path] = ()
            else:
                is_text = not content.truncated and b"\0" not in content.data
                text = content.data.decode("utf-8", "replace") if is_text else ""
                self._read[tree, path] = text.split("\n")
        return self._read[tree, path]


async def _sighting(texts: _Texts, tree: TreeId, finding: Finding) -> Sighting:
    from cockpit.rules.service.mistakes import text_of, window

    lines = await texts.lines(tree, finding.path)
    return Sighting(
        fingerprint=finding.fingerprint,
        instance=finding.instance,
        message=finding.message[:_MESSAGE_LIMIT],
        path=finding.path,
        line=finding.line,
        snippet=text_of(lines, window(lines, finding.line or 0)),
    )


async def _fix(texts: _Texts, before: TreeId, tree: TreeId, finding: Finding) -> Fix:
    from cockpit.rules.service.mistakes import followed, text_of, window

    old, new = await texts.lines(before, finding.path), await texts.lines(tree, finding.path)
    place = window(old, finding.line or 0)
    good = text_of(new, await asyncio.to_thread(followed, old, new, place)) if place else ""
    return Fix(
        fingerprint=finding.fingerprint,
        instance=finding.instance,
        path=finding.path,
        bad=text_of(old, place),
        good=good,
    )
