from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.config import Parser
from cockpit.checks.runtime.detect.compiled import _CLIPPY as CLIPPY
from cockpit.checks.runtime.matcher import find
from cockpit.checks.service.parsers import FINDINGS_KEPT, Source, UnreadableReportError, read_report
from cockpit.checks.types import Severity

RECORDED = Path(__file__).parent / "recorded"
REPO = Source(check="it", root=Path("/repo"), exit_code=1)


def recorded(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def test_eslint() -> None:
    unused, const, broken = read_report(Parser.ESLINT_JSON, recorded("eslint.json"), REPO).findings
    assert (unused.path, unused.line, unused.column, unused.code) == ("src/app.js", 1, 7, "no-unused-vars")
    assert (unused.severity, unused.remediation) == (Severity.ERROR, "Remove unused variable 'x'.")
    assert (const.severity, const.remediation) == (Severity.WARNING, "eslint --fix repairs it")
    assert (broken.path, broken.code) == ("src/broken.js", "")


def test_pyright_counts_from_zero_and_we_from_one() -> None:
    error, warning = read_report(Parser.PYRIGHT_JSON, recorded("pyright.json"), REPO).findings
    assert (error.path, error.line, error.column, error.code) == ("a.py", 3, 12, "reportReturnType")
    assert (warning.line, warning.severity) == (1, Severity.WARNING)


def test_sarif_keeps_what_stands() -> None:
    sql, style = read_report(Parser.SARIF, recorded("analyser.sarif"), REPO).findings
    assert sql.message == "Query built from user input in find()"
    assert (sql.path, sql.line, sql.severity) == ("src/db layer.py", 12, Severity.ERROR)
    assert sql.remediation == "Use bound parameters."
    assert (style.path, style.severity, style.remediation) == ("src/a.py", Severity.NOTE, "https://example.org/style")


@pytest.mark.parametrize(
    "output",
    [
        b'[{"path": "a.py", "line": 3, "rule": "X1", "message": "no", "severity": "warning", "fix": "do"}]',
        b'{"issues": [{"file": "a.py", "lineNumber": 3, "code": "X1", "msg": "no", "level": "warn", "hint": "do"}]}',
        b'{"filename": "a.py", "row": 3, "ruleId": "X1", "text": "no", "severity": "W", "help": "do"}\n',
    ],
)
def test_json_of_any_tool(output: bytes) -> None:
    (one,) = read_report(Parser.JSON, output, REPO).findings
    said = (one.path, one.line, one.code, one.message, one.severity, one.remediation)
    assert said == ("a.py", 3, "X1", "no", Severity.WARNING, "do")


def test_json_by_the_line_and_json_that_says_nothing() -> None:
    lines = b'{"path": "a.py", "message": "no"}\n{"path": "b.py", "message": "nor this"}\n'
    assert [one.path for one in read_report(Parser.JSON, lines, REPO).findings] == ["a.py", "b.py"]
    assert not read_report(Parser.JSON, b'{"results": []}', REPO).findings
    with pytest.raises(UnreadableReportError, match="no list of findings"):
        read_report(Parser.JSON, b'{"ok": true}', REPO)


def test_junit_of_pytest_says_which_test_and_where() -> None:
    bad, err = read_report(Parser.JUNIT, recorded("pytest.xml"), REPO).findings
    assert (bad.path, bad.line, bad.code) == ("t/test_a.py", 4, "t.test_a::test_bad")
    assert bad.message.splitlines()[0] == "assert 1 == 2"
    assert err.code == "t.test_a.TestC::test_err"


def test_junit_with_nested_suites_and_places_of_its_own() -> None:
    xml = (
        b'\n<testsuites><testsuite name="a"><testsuite name="b"><testcase name="t" file="web/t.js" line="7">'
        b'<error type="TypeError">boom</error></testcase></testsuite>'
        b'<testcase name="ok"/><testcase name="s"><skipped/></testcase></testsuite></testsuites>'
    )
    (only,) = read_report(Parser.JUNIT, xml, REPO).findings
    assert (only.path, only.line, only.code, only.message) == ("web/t.js", 7, "t", "TypeError\nboom")


def test_clippy_through_a_pattern() -> None:
    source = Source(check="clippy", root=Path("/repo"), exit_code=101)
    findings = read_report(Parser.REGEX, find(CLIPPY, recorded("clippy.txt")), source).findings
    assert [(one.path, one.line, one.column) for one in findings] == [
        ("src/lib.rs", 15, 37),
        ("src/lib.rs", 15, 44),
        ("src/lib.rs", 15, 13),
    ]


def test_mypy_notes_become_advice() -> None:
    text = (
        b'a.py:3: error: Missing import "x"  [import-not-found]\n'
        b"a.py:3: note: See the documentation\n"
        b'{"file": "b.py", "line": 4, "column": 0, "message": "Bad", "hint": "Do good", "code": "misc", '
        b'"severity": "error"}\n'
        b"Found 2 errors in 2 files\n"
    )
    first, second = read_report(Parser.MYPY, text, REPO).findings
    assert (first.code, first.remediation) == ("import-not-found", "See the documentation")
    assert (second.path, second.line, second.column, second.remediation) == ("b.py", 4, 1, "Do good")


def test_exit_code_tells_the_end_of_the_output() -> None:
    output = "\n".join(f"line {number}" for number in range(100)).encode()
    (only,) = read_report(Parser.EXIT_CODE, output, REPO).findings
    assert only.message.startswith("exit code 1\nline 70")
    assert only.message.endswith("line 99")
    passed = Source(check="it", root=Path("/repo"), exit_code=0)
    assert read_report(Parser.EXIT_CODE, output, passed).findings == ()


def test_a_flood_is_bounded_and_counted_and_errors_come_first() -> None:
    lines = [f"a.py:{n}: {'error' if n > 900 else 'warning'}: bad" for n in range(1, 1001)]
    source = Source(check="it", root=Path("/repo"))
    pattern = r"^(?P<path>\S+?):(?P<line>\d+): (?P<severity>\w+): (?P<message>.*)"
    report = read_report(Parser.REGEX, find(pattern, "\n".join(lines).encode()), source)
    assert (len(report.findings), report.total) == (FINDINGS_KEPT, 1000)
    assert sum(one.severity is Severity.ERROR for one in report.findings) == 100


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ("/repo/src/a.py", "src/a.py"),
        ("./src/../src/a.py", "src/a.py"),
        ("file:///repo/a%20b.py", "a b.py"),
        ("/etc/passwd", ""),
        ("../../etc/passwd", ""),
        ("/repository/a.py", ""),
        ("src/\x1b[2Ja.py", ""),
        ("file:///repo/..%2f..%2fetc/passwd", ""),
        ("/repo", ""),
        ("x" * 5000, ""),
    ],
)
def test_no_claimed_path_leaves_the_workspace(claimed: str, expected: str) -> None:
    assert REPO.locate(claimed) == expected


def test_paths_count_from_where_the_tool_ran() -> None:
    assert Source(check="it", root=Path("/repo"), cwd="web").locate("src/a.ts") == "web/src/a.ts"


def test_messages_are_cleaned_and_bounded() -> None:
    source = Source(check="it", root=Path("/repo"))
    said = b"\x1b]0;owned\x07\x1b[31mred\x1b[0m \xe2\x80\xaetxt"
    (hostile,) = read_report(Parser.REGEX, find(r"^(?P<message>.+)$", said), source).findings
    assert "\x1b" not in hostile.message
    assert "\u202e" not in hostile.message
    xml = b'<testsuite><testcase name="t"><failure message="%s"/></testcase></testsuite>' % (b"x" * 1_000_000)
    (long,) = read_report(Parser.JUNIT, xml, source).findings
    assert len(long.message) <= 2_010


BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuite><testcase name="&b;"><failure message="&b;"/></testcase></testsuite>"""
FOREIGN = b"""<!DOCTYPE b [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&a;"/></testsuite>"""


@pytest.mark.parametrize("xml", [BOMB, FOREIGN, BOMB.decode().replace('<?xml version="1.0"?>', "").encode("utf-16")])
def test_xml_entities_are_refused(xml: bytes) -> None:
    with pytest.raises(UnreadableReportError, match=r"document type|broken XML"):
        read_report(Parser.JUNIT, xml, REPO)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(UnreadableReportError, match="deep"):
        read_report(Parser.JUNIT, b"<testsuite>" * 10_000, REPO)
    for parser, text in ((Parser.SARIF, b'{"runs":' + b"[" * 200_000), (Parser.RUFF_JSON, b"[" * 200_000)):
        with pytest.raises(UnreadableReportError, match=r"deep|broken"):
            read_report(parser, text, REPO)


def test_absurd_numbers_are_refused() -> None:
    with pytest.raises(UnreadableReportError):
        read_report(Parser.RUFF_JSON, b'[{"location": {"row": ' + b"9" * 5000 + b"}}]", REPO)


def test_a_banner_around_json_is_no_obstacle() -> None:
    text = b"warning: something\n[warn] config is old\n" + recorded("eslint.json") + b"\nnpm notice: new version\n"
    assert len(read_report(Parser.ESLINT_JSON, text, REPO).findings) == 3


STRUCTURED = [one for one in Parser if one not in (Parser.REGEX, Parser.EXIT_CODE, Parser.MYPY)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["runs", "results", "locations", "message", "text", "rules", "tool", "driver", "location", "id"]
            )
            | st.sampled_from(
                ["generalDiagnostics", "range", "start", "line", "messages", "filePath", "row", "fix", "index"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from(list(Parser)))
def test_garbage_is_unreadable_never_an_accident(output: bytes, parser: Parser) -> None:
    source = Source(check="it", root=Path("/repo"), exit_code=1)
    try:
        read_report(parser, output, source)
    except UnreadableReportError:
        assert parser in (*STRUCTURED, Parser.REGEX)


@settings(deadline=None, max_examples=40)
@given(st.lists(JSON, max_size=4), st.sampled_from(["[", "{"]), st.sampled_from(STRUCTURED))
def test_json_of_any_shape_is_no_accident(values: list[object], opening: str, parser: Parser) -> None:
    import json

    value = values if opening == "[" else {"runs": values, "generalDiagnostics": values}
    try:
        read_report(parser, json.dumps(value).encode(), REPO)
    except UnreadableReportError:
        assert values is not None
