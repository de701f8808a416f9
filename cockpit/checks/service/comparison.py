"""What changed between two rounds of checks."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity


@dataclass(frozen=True, slots=True)
class Comparison:
    """The findings of a round, seen from the round before."""

    new: tuple[Finding, ...]
    still_open: tuple[Finding, ...]
    fixed: tuple[Finding, ...]

    @property
    def is_clean(self) -> bool:
        """Return whether nothing is left to fix."""
        return not self.new and not self.still_open


def compare(previous: Iterable[Finding], current: Iterable[Finding], *, unjudged: Collection[str] = ()) -> Comparison:
    """Tell new, still open and fixed findings apart by their instance.

    Args:
        previous: findings that stood after the last round.
        current: findings of this round.
        unjudged: checks that said nothing this round (broken, not due); what they found before stays open.
    """
    before = {finding.instance: finding for finding in previous}
    now = {finding.instance: finding for finding in current}
    gone = [finding for key, finding in before.items() if key not in now]
    return Comparison(
        new=tuple(finding for key, finding in now.items() if key not in before),
        still_open=(
            *(finding for key, finding in now.items() if key in before),
            *(finding for finding in gone if finding.check in unjudged),
        ),
        fixed=tuple(finding for finding in gone if finding.check not in unjudged),
    )


def blocking(results: Iterable[CheckResult]) -> tuple[Finding, ...]:
    """Return the findings that stand in the way: the errors, and everything that made a check fail without any."""
    found: list[Finding] = []
    for result in results:
        if result.outcome is CheckOutcome.FAILED:
            errors = [finding for finding in result.findings if finding.severity is Severity.ERROR]
            found += errors or result.findings
    return tuple(found)
