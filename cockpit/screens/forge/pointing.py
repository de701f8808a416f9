"""What a person points at, wherever the cursor stands: the beginning of a rule."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.checks.types import Finding
from cockpit.providers.text import clean_line
from cockpit.rules.types.forging import Offence, Pointed
from cockpit.sessions.types import RequestRaised
from cockpit.state.model import SessionState, State
from widgets.checks import ChecksPane
from widgets.diff import DiffPane
from widgets.diff_place import place_of
from widgets.transcript import TranscriptPane
from widgets.viewpane import ViewPane

MOST_OTHERS = 8
"""Places in other sessions' work that have the same finding and are taken as examples, too."""
_SNIPPET_LIMIT = 4_000
_SAID_LIMIT = 2_000


def pointed_at(pane: object, session: SessionState, state: State) -> list[Offence]:
    """Return what the line under the cursor of a pane stands for, and the same elsewhere; empty: nothing."""
    match pane:
        case DiffPane():
            return _in_diff(pane, session)
        case ChecksPane():
            finding = _finding_at(pane, session)
            return [of_finding(finding, session), *_elsewhere(finding, session, state)] if finding is not None else []
        case TranscriptPane():
            line = pane.view.cursor_line
            said = line.text.strip() if line is not None else ""
            return [Offence(kind=Pointed.TRANSCRIPT, session=session.id, said=said[:_SAID_LIMIT])] if said else []
        case _:
            return []


def on_whole(session: SessionState, request: RequestRaised | None, state: State) -> list[Offence]:
    """Return what a session in the list stands for: what its agent asks, else the first of its findings."""
    if request is not None:
        said = clean_line(request.title)[:_SAID_LIMIT]
        return [Offence(kind=Pointed.APPROVAL, session=session.id, said=said)]
    for finding in session.findings:
        return [of_finding(finding, session), *_elsewhere(finding, session, state)]
    return []


def of_finding(finding: Finding, session: SessionState) -> Offence:
    """Return a finding as an offence."""
    return Offence(
        kind=Pointed.FINDING,
        session=session.id,
        path=finding.path,
        line=finding.line,
        said=finding.message[:_SAID_LIMIT],
        remedy=finding.remediation[:_SAID_LIMIT],
        code=finding.code[:100],
        mistake=finding.fingerprint[:300],
    )


def _elsewhere(finding: Finding, session: SessionState, state: State) -> list[Offence]:
    """Return the same finding in the work of other sessions."""
    if not finding.fingerprint:
        return []
    found = [
        of_finding(one, other)
        for other in state.sessions.values()
        if other.id != session.id
        for one in other.findings
        if one.fingerprint == finding.fingerprint
    ]
    return found[:MOST_OTHERS]


def _in_diff(pane: DiffPane, session: SessionState) -> list[Offence]:
    place = place_of(pane.view.cursor_line)
    if place.kind not in ("code", "comment") or not place.number:
        return []
    said = ""
    if place.kind == "comment" and pane.view.cursor_line is not None:
        said = pane.view.cursor_line.text.strip()
    kind = Pointed.COMMENT if said else Pointed.DIFF_LINE
    return [
        Offence(
            kind=kind,
            session=session.id,
            path=place.path,
            line=place.number,
            side=place.side,
            snippet=place.snippet[:_SNIPPET_LIMIT],
            said=said[:_SAID_LIMIT],
        )
    ]


def _finding_at(pane: ViewPane, session: SessionState) -> Finding | None:
    """Return the finding that the line under the cursor tells of, or the nearest one of the same check."""
    line = pane.view.cursor_line
    result = session.checks.get(line.mark) if line is not None and isinstance(line.mark, str) else None
    if line is None or result is None:
        return None
    lines = pane.view.lines
    for at in range(pane.view.cursor, -1, -1):
        if lines[at].mark != line.mark:
            break
        if (found := _told_by(lines[at].text, result.findings)) is not None:
            return found
    return result.findings[0] if result.findings else None


def _told_by(text: str, findings: Iterable[Finding]) -> Finding | None:
    wanted = text.strip()
    for finding in findings:
        first = clean_line(finding.message.strip().split("\n")[0])
        if first and wanted.endswith(first):
            return finding
    return None
