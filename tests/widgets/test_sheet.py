"""The overview of a session: what stops nothing is told as advice, beside what is open."""

from __future__ import annotations

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity, When
from cockpit.journal import types as ev
from cockpit.types import TreeId
from tests.widgets.test_spending import SESSION, sheet, story


def test_what_an_agent_remarks_is_advice_and_what_stops_is_open() -> None:
    supervisor = story()
    remark = Finding(
        check="rules", code="no-twin", path="a.py", line=3, message="a twin (says critic)", severity=Severity.WARNING
    )
    wrong = Finding(check="tidy", path="b.py", message="untidy")
    for name, outcome, found in (
        ("judge", CheckOutcome.PASSED, remark),
        ("tidy", CheckOutcome.FAILED, wrong),
    ):
        result = CheckResult(check=name, tree=TreeId("t"), outcome=outcome, findings=(found,), total=1)
        supervisor.happen(SESSION, ev.CheckFinished(when=When.HUMAN, round=1, result=result))
    said = sheet(supervisor.state)
    assert "advice    a.py:3 no-twin a twin (says critic)" in said
    assert "open      b.py untidy" in said
