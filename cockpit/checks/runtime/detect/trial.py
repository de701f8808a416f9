"""Tries proposed checks out, so that nothing is proposed that nobody has seen run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cockpit.checks.runtime import CheckRunner, Target
from cockpit.checks.runtime.detect.facts import Proposal
from cockpit.checks.types import CheckOutcome, CheckResult, When


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposed check and what it said when it was run."""

    proposal: Proposal
    result: CheckResult

    @property
    def verdict(self) -> str:
        """One line for people."""
        result = self.result
        match result.outcome:
            case CheckOutcome.PASSED:
                return f"passes now ({result.duration_s:.1f} s)"
            case CheckOutcome.FAILED:
                noun = "finding" if result.total == 1 else "findings"
                return f"fails now with {result.total} {noun} ({result.duration_s:.1f} s)"
            case CheckOutcome.BROKEN:
                return f"cannot run: {result.summary}"


async def try_out(
    proposals: Sequence[Proposal],
    runner: CheckRunner,
    target: Target,
    on_trial: Callable[[Trial], None] | None = None,
) -> tuple[Trial, ...]:
    """Run every proposed check once on a checkout and return what each said, in the order of the proposals."""
    by_name = {proposal.check.name: proposal for proposal in proposals}

    def tell(result: CheckResult) -> None:
        if on_trial is not None:
            on_trial(Trial(by_name[result.check], result))

    results = await runner.run([proposal.check for proposal in proposals], When.MERGE, target, tell)
    return tuple(Trial(by_name[result.check], result) for result in results)
