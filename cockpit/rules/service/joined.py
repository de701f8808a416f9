"""Takes into a scan what was found elsewhere, by a tool or a reader, as if an engine of ours had found it."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.checks.types import Severity
from cockpit.rules.service.suppressions import suppress
from cockpit.rules.types import Engine, Hit, Rule, Scan, ScanProblem


def with_hits(
    scan: Scan, hits: Iterable[Hit], problems: Iterable[ScanProblem] = (), *, rules: int = 0, took_s: float = 0.0
) -> Scan:
    """Return a scan with more hits, less those that comments in the code hold back.

    Args:
        scan: what is known already.
        hits: what else was found.
        problems: why that is not the whole truth.
        rules: how many rules were asked.
        took_s: how long that took, in seconds.
    """
    standing, used = suppress(hits, scan.suppressions)
    suppressions = tuple(
        one.model_copy(update={"is_used": True}) if (one.path, one.line) in used else one for one in scan.suppressions
    )
    return scan.model_copy(
        update={
            "hits": (*scan.hits, *standing),
            "problems": (*scan.problems, *problems),
            "suppressions": suppressions,
            "rules": scan.rules + rules,
            "duration_s": scan.duration_s + took_s,
        }
    )


def is_harmless(rule: Rule | None) -> bool:
    """Return whether a rule is a command that stops nothing: nor does it when its tool is missing or fails."""
    if rule is None or rule.engine is not Engine.COMMAND:
        return False
    return not rule.is_told or rule.finding_severity is not Severity.ERROR
