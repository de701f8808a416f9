from __future__ import annotations

import json
import re
from pathlib import Path

from cockpit.checks.config import Parser
from cockpit.checks.service.parsers import read_report
from cockpit.checks.service.parsers.report import Source
from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.rules.repo.places import examples_file, rule_file
from cockpit.rules.repo.reading import read_rules
from cockpit.rules.service.findings import finding, findings
from cockpit.rules.service.reports import github, sarif, summary, text
from cockpit.rules.types import Hit, Report, RuleId, ScanProblem, Suppression
from cockpit.types import TreeId
from tests.rules.book import NO_EVAL

TESTS = 'id: no-eval\nvalid: ["parse(x)\\nx"]\ninvalid: [eval(x)]\n'
RULES = read_rules(
    {rule_file("no-eval"): NO_EVAL + "metadata: {why: it once ran}\n", examples_file("no-eval"): TESTS}
).rules
HIT = Hit(rule=RuleId("no-eval"), path="a b/c,d.py", line=3, column=5, text="eval(x)")
BROKEN = CheckResult(check="lint", tree=TreeId(""), outcome=CheckOutcome.BROKEN, summary="not installed")


def report(*found: Finding, problems: tuple[ScanProblem, ...] = (), checks: tuple[CheckResult, ...] = ()) -> Report:
    return Report(findings=found, problems=problems, checks=checks, rules=1, files=2)


def test_a_finding_teaches() -> None:
    one = finding(RULES[0], HIT)
    assert one.message == "eval runs whatever it is given (why: it once ran)"
    assert one.remediation == "Parse it instead.\nGood:\n    parse(x)\n    x"
    assert (one.check, one.code, one.severity) == ("rules", "no-eval", Severity.ERROR)


def test_shadow_rules_are_not_told() -> None:
    (shadow,) = read_rules({rule_file("no-eval"): NO_EVAL + "metadata: {state: shadow}\n"}).rules
    assert findings({shadow.id: shadow}, [HIT]) == []


def test_nothing_from_a_repository_reaches_the_terminal_as_it_came() -> None:
    hit = HIT.model_copy(update={"path": "a\x1b[31m.py", "message": "x\x1b]0;owned\x07y"})
    told = text(report(finding(RULES[0], hit)))
    assert "\x1b" not in told
    assert "\x07" not in told


def test_text_groups_by_rule_and_says_how_to_fix_it_once() -> None:
    one, other = finding(RULES[0], HIT), finding(RULES[0], HIT.model_copy(update={"line": 9}))
    assert text(report(one, other)) == (
        "error no-eval: eval runs whatever it is given (why: it once ran)\n"
        "  a b/c,d.py:3:5\n  a b/c,d.py:9:5\n"
        "  fix: Parse it instead.\n    Good:\n        parse(x)\n        x\n"
    )


def test_silent_when_clean_and_never_when_something_could_not_be_judged() -> None:
    assert text(report()) == ""
    assert report().is_clean
    broken = report(problems=(ScanProblem(message="no", rule="r", path="x.yml", line=2),), checks=(BROKEN,))
    assert text(broken) == "cannot judge: x.yml:2: rule r: no\n\ncheck lint broken: not installed\n"
    assert broken.is_broken
    assert not broken.is_clean


def test_the_summary_counts() -> None:
    unused = Suppression(path="a.py", line=1, speaks_of=2, is_used=False)
    said = summary(report(finding(RULES[0], HIT)).model_copy(update={"suppressions": (unused,), "known_before": 4}))
    assert said == "1 error, 0 warnings; 1 rules on 2 files; 4 known before; 1 suppression (1 unused); 0.00 s"


def test_github_commands_are_escaped() -> None:
    one = finding(RULES[0], HIT.model_copy(update={"message": "50%: a,b"}))
    assert github(report(one)) == (
        "::error file=a b/c%2Cd.py,line=3,col=5,title=no-eval::50%25: a,b (why: it once ran)"
        "%0AParse it instead.%0AGood:%0A    parse(x)%0A    x\n"
    )
    assert github(report(checks=(BROKEN,))) == "::error title=check lint broken::not installed\n"


def test_sarif_has_rules_help_and_fingerprints_and_can_be_read_again() -> None:
    one = finding(RULES[0], HIT).model_copy(update={"instance": "0123"})
    log = sarif(report(one, checks=(BROKEN,)), RULES, "1.2.3")
    (run,) = log["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["help"]["text"].startswith("Parse it instead.")
    assert rule["fullDescription"]["text"] == "it once ran"
    (result,) = run["results"]
    assert result["partialFingerprints"] == {"cockpit/v2": "0123"}
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/c%2Cd.py"
    assert run["invocations"][0]["executionSuccessful"] is False
    source = Source(check="lint", root=Path("/repo"))
    (again,) = read_report(Parser.SARIF, json.dumps(log).encode(), source).findings
    assert (again.code, again.line, again.severity) == ("no-eval", 3, Severity.ERROR)


def test_sarif_keeps_what_the_standard_asks_for_whatever_is_told() -> None:
    hits = [
        HIT,
        HIT.model_copy(update={"path": "ü/a:b%20.py", "line": None, "column": None, "message": "\x1b[1m\n::error::"}),
        HIT.model_copy(update={"path": "", "line": None, "column": None}),
        HIT.model_copy(update={"path": "\udcff.py", "column": None}),
    ]
    foreign = Finding(check="lint", message="m", path="x.py", line=1, code="E1", severity=Severity.NOTE)
    told = [finding(RULES[0], hit).model_copy(update={"instance": "01"}) for hit in hits]
    log = json.loads(json.dumps(sarif(report(*told, foreign), RULES, "1.2.3"), ensure_ascii=False).encode().decode())
    assert (log["version"], log["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    assert len(run["results"]) == 5
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        assert all(isinstance(mark, str) and mark for mark in result.get("partialFingerprints", {}).values())
        for place in result.get("locations", ()):
            artifact = place["physicalLocation"]["artifactLocation"]
            assert re.fullmatch(r"(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+", artifact["uri"])
            assert artifact["uriBaseId"] in run["originalUriBaseIds"]
            region = place["physicalLocation"].get("region", {"startLine": 1})
            assert region["startLine"] >= 1
            assert region.get("startColumn", 1) >= 1
    assert "locations" not in run["results"][2]


def test_a_github_command_is_one_line_that_nothing_can_end() -> None:
    hit = HIT.model_copy(update={"path": "a,b:c%.py", "message": "50%\r\n::error::x: y", "note": "1\n2"})
    said = github(report(finding(RULES[0], hit), problems=(ScanProblem(message="a\n::stop-commands::x"),)))
    assert said.count("\n") == 2
    first, second = said.splitlines()
    assert first.startswith("::error title=rules cannot be judged::a")
    assert "::error file=a%2Cb%3Ac%25.py,line=3,col=5,title=no-eval::50%25%0A::error::x: y" in second.replace("%0D", "")
    assert "%0A1%0A2%0A" in second
