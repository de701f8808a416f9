"""What an agent is told after a round of checks: everything it needs, nothing it has been told before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from cockpit.checks.config import CheckConfig
from cockpit.checks.types import Finding, Severity

LINE_LIMIT = 60
_DETAIL_LINES = 12
_SAME_SHOWN = 5
_OPEN_SHOWN = 15
_WIDTH = 300


def message_for_agent(
    new: Sequence[Finding],
    still_open: Sequence[Finding],
    fixed: Sequence[Finding],
    round: int,  # noqa: A002  # the word of the domain; the built-in is not needed here
    budget_left: int | None,
    checks: Iterable[CheckConfig] = (),
) -> str:
    """Return at most about 60 lines: new findings in full, grouped by file, and a short line for each known one.

    Args:
        new: findings the agent has not been told about.
        still_open: findings it has been told about; their details are not repeated.
        fixed: findings that are gone.
        round: which round of checks this was, from 1.
        budget_left: rounds left before the session pauses; None: no limit.
        checks: the checks, for their hints and fix commands.
    """
    head = _head(len(new), len(still_open), len(fixed), round, budget_left)
    advice = _advice(new, still_open, checks)
    known = _known(still_open)
    room = LINE_LIMIT - len(head) - len(advice) - len(known)
    return "\n".join([*head, *_new(new, room), *known, *advice])


def _head(new: int, still_open: int, fixed: int, number: int, budget_left: int | None) -> list[str]:
    parts = [f"{count} {word}" for count, word in ((new, "new"), (still_open, "still open"), (fixed, "fixed")) if count]
    left = "" if budget_left is None else f"; {_count(budget_left, 'round')} left"
    if not new and not still_open:
        return [f"Checks, round {number}: clean ({', '.join(parts) or 'nothing found'})."]
    return [f"Checks, round {number}: {', '.join(parts)}{left}. Fix the causes; do not silence the checks."]


def _new(new: Sequence[Finding], room: int) -> list[str]:
    if not new:
        return []
    lines = ["", "New:"]
    told = 0
    for block, count in _blocks(new):
        if told and len(lines) + len(block) > room - 1:
            break
        lines += block
        told += count
    if told < len(new):
        files = len({finding.path for finding in new})
        lines.append(f"... and {len(new) - told} more new findings ({_count(files, 'file')} in all); fix these first.")
    return lines


def _blocks(findings: Sequence[Finding]) -> Iterable[tuple[list[str], int]]:
    """Yield the lines of one mistake in one file after the other, with the number of findings they tell of."""
    by_file: dict[str, dict[str, list[Finding]]] = defaultdict(lambda: defaultdict(list))
    for finding in sorted(findings, key=lambda one: (one.severity is not Severity.ERROR, one.path, one.line or 0)):
        by_file[finding.path][finding.fingerprint].append(finding)
    for path, kinds in by_file.items():
        title = [path or "the change as a whole"]
        for same in kinds.values():
            yield [*title, *_same_mistake(same)], len(same)
            title = []


def _same_mistake(same: list[Finding]) -> list[str]:
    lines: list[str] = []
    for number, finding in enumerate(same[:_SAME_SHOWN]):
        first, *details = finding.message.splitlines() or [""]
        place = (
            "" if finding.line is None else f"{finding.line}{'' if finding.column is None else f':{finding.column}'} "
        )
        lines.append(_cut(f"  {place}{_label(finding)}: {first}"))
        lines += [_cut(f"    {detail}") for detail in _middle_cut(details)] if number == 0 else []
        if finding.remediation and (number == 0 or finding.remediation != same[0].remediation):
            lines.append(_cut(f"    fix: {' '.join(finding.remediation.split())}"))
    rest = same[_SAME_SHOWN:]
    if rest:
        places = ", ".join(str(finding.line) for finding in rest[:20] if finding.line is not None)
        where = f" on lines {places}{', ...' if len(rest) > 20 else ''}" if places else ""
        lines.append(f"  and {len(rest)} more {_label(same[0])}{where}")
    return lines


def _known(still_open: Sequence[Finding]) -> list[str]:
    if not still_open:
        return []
    lines = ["", "Still open (you have the details from before):"]
    for finding in still_open[:_OPEN_SHOWN]:
        place = finding.path if finding.line is None else f"{finding.path}:{finding.line}"
        lines.append(_cut(f"  {place or 'the change as a whole'} {_label(finding)}"))
    if len(still_open) > _OPEN_SHOWN:
        lines.append(f"  ... and {len(still_open) - _OPEN_SHOWN} more")
    return lines


def _advice(new: Sequence[Finding], still_open: Sequence[Finding], checks: Iterable[CheckConfig]) -> list[str]:
    """Return the hints of the checks that found something new, and the fix commands of all that found something."""
    fresh = {finding.check for finding in new}
    found = fresh | {finding.check for finding in still_open}
    lines: list[str] = []
    for check in checks:
        if check.name in fresh and check.hint:
            lines.append(_cut(f"  {check.name}: {' '.join(check.hint.split())}"))
        if check.name in found and check.fix:
            folder = f" in {check.cwd}" if check.cwd else ""
            lines.append(_cut(f"  {check.name}: `{_shown(check.fix)}`{folder} repairs what a machine can"))
    return ["", "How to fix:", *lines[:10]] if lines else []


def _shown(argv: Sequence[str]) -> str:
    return " ".join(word if word.replace("-", "").isalnum() else _quoted(word) for word in argv)


def _quoted(word: str) -> str:
    return word if word and not set(word) & set(" \t\n'\"$`\\|&;<>()*?[]#") else "'" + word.replace("'", "'\\''") + "'"


def _label(finding: Finding) -> str:
    return f"{finding.check} {finding.code}".strip()


def _middle_cut(lines: list[str]) -> list[str]:
    """Keep both ends: a traceback says where at its end, an assertion what at its beginning."""
    if len(lines) <= _DETAIL_LINES:
        return lines
    half = _DETAIL_LINES // 2
    return [*lines[:half], f"... {len(lines) - 2 * half} lines", *lines[-half:]]


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
