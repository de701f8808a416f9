"""What the checks said about one stacked tree, and whether one more run is due."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Receipt
from cockpit.types import TreeId

_KEPT_FINDINGS = 200
"""An agent fixes the first of a flood; the raw output keeps the rest."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The results of one tree: the first run and, where that had failures, the one rerun that decides.

    Attributes:
        tree: The tree that was tested.
        first: The results of all checks.
        rerun: A second result for each check that had not passed; None: not run again (yet).
    """

    tree: TreeId
    first: tuple[CheckResult, ...]
    rerun: tuple[CheckResult, ...] | None = None

    @property
    def failed_first(self) -> tuple[str, ...]:
        """Names of the checks that did not pass at the first run: the ones to run again."""
        return tuple(result.check for result in self.first if not self._passed(result))

    @property
    def needs_rerun(self) -> bool:
        """Whether one more run has to tell flaky from broken."""
        return self.rerun is None and bool(self.failed_first)

    @property
    def flaky(self) -> tuple[str, ...]:
        """Names of the checks that failed and then passed on the same tree."""
        again = {result.check for result in self.rerun or () if self._passed(result)}
        return tuple(name for name in self.failed_first if name in again)

    @property
    def broken(self) -> tuple[str, ...]:
        """Names of the checks that have not passed on this tree."""
        flaky = frozenset(self.flaky)
        return tuple(name for name in self.failed_first if name not in flaky)

    @property
    def is_passed(self) -> bool:
        """Whether every check has passed on this very tree, at the first run or at the rerun."""
        return not self.broken

    def receipt(self, commit: str, at: float) -> Receipt:
        """Return the proof that this tree is clean; a flaky check's line says that it needed two runs."""
        failed = {result.check: result for result in self.first if not self._passed(result)}
        kept = [result for result in self.first if self._passed(result)]
        for result in self.rerun or ():
            if result.check in failed and self._passed(result):
                before = failed[result.check].summary or failed[result.check].outcome.value
                kept.append(result.model_copy(update={"summary": f"flaky: passed when run again (first: {before})"}))
        slim = tuple(result.model_copy(update={"findings": ()}) for result in kept)
        return Receipt(tree=self.tree, commit=commit, results=slim, at=at)

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong with the tree, of the latest run; a check without findings yields one of its own."""
        latest = {result.check: result for result in self.first}
        latest.update({result.check: result for result in self.rerun or ()})
        found: list[Finding] = []
        for name in self.broken:
            result = latest[name]
            found.extend(result.findings or (_without_findings(result),))
        return tuple(found[:_KEPT_FINDINGS])

    def _passed(self, result: CheckResult) -> bool:
        return result.outcome is CheckOutcome.PASSED and result.tree == self.tree


def _without_findings(result: CheckResult) -> Finding:
    if result.outcome is CheckOutcome.BROKEN:
        said = result.summary or "no reason given"
        return Finding(check=result.check, message=f"{result.check} could not run: {said}")
    return Finding(
        check=result.check, message=result.summary or f"{result.check} failed (exit code {result.exit_code})"
    )
