from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.checks.config import CheckConfig
from cockpit.checks.service import (
    Ran,
    blocking,
    cache_key,
    cheapest_first,
    compare,
    due,
    identified,
    judge,
    message_for_agent,
    normalised,
)
from cockpit.checks.service.fingerprints import enclosed_by
from cockpit.checks.service.parsers import Source
from cockpit.checks.types import CheckOutcome, Finding, Severity, When
from cockpit.types import TreeId

TREE = TreeId("a" * 40)


def no_lines(_path: str) -> Sequence[str]:
    return ()


def found(line: int, code: str = "F401", path: str = "a.py", message: str = "bad", check: str = "ruff") -> Finding:
    return Finding(check=check, message=message, path=path, line=line, code=code)


def check(name: str = "ruff", **options: object) -> CheckConfig:
    return CheckConfig.model_validate({"name": name, "command": "ruff check .", **options})


LINES = st.lists(st.text("abcxyz ()=", min_size=1, max_size=12).filter(str.strip), min_size=1, max_size=8)


@settings(deadline=None, max_examples=50)
@given(LINES, st.data())
def test_an_instance_survives_lines_moving_around_it(lines: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(lines)))
    above = data.draw(st.lists(st.just("# new line above"), max_size=5))
    indent = data.draw(st.sampled_from(["", "    ", "\t"]))
    moved = [*above, *(indent + line for line in lines)]
    (before,) = identified([found(at)], lambda _path: lines)
    (after,) = identified([found(at + len(above))], lambda _path: moved)
    assert before.instance == after.instance
    assert compare([before], [after]).still_open == (after,)


CODE = """\
def fetch(url):
    answer = get(url)
    return answer

def send(
    url,
):
# once
    if url:
        answer = get(url)
    return answer
"""


def test_an_instance_is_made_of_the_line_in_what_encloses_it() -> None:
    lines = CODE.splitlines()
    assert list(enclosed_by(lines)) == [-1, 0, 0, -1, -1, 4, 4, -1, 6, 8, 6]
    first, second = (identified([found(line)], lambda _path: lines)[0].instance for line in (2, 10))
    assert first != second, "the same line elsewhere"
    moved = [*lines[4:], "", "# moved", *lines[:2], "    log(answer)", *lines[2:3]]
    at = moved.index(lines[0]) + 2
    assert identified([found(at)], lambda _path: moved)[0].instance == first
    assert identified([found(6)], lambda _path: moved)[0].instance == second
    only_first = [line.replace("get", "ask") if number == 1 else line for number, line in enumerate(lines)]
    (left,) = identified([found(10)], lambda _path: only_first)
    assert left.instance == second, "that the first was put right makes no other of the second"
    renamed = [line.replace("fetch", "load") for line in lines]
    assert identified([found(2)], lambda _path: renamed)[0].instance != first


@given(st.lists(st.text(" \ta(})#", max_size=6), max_size=30))
@settings(deadline=None, max_examples=100)
def test_what_encloses_a_line_stands_above_it(lines: list[str]) -> None:
    found_in = enclosed_by(lines)
    assert len(found_in) == len(lines)
    assert all(-1 <= above < number for number, above in enumerate(found_in))


def test_equal_lines_are_told_apart() -> None:
    one, two = identified([found(1), found(2)], lambda _path: ["import os", "import os"])
    assert one.fingerprint == two.fingerprint == "ruff:F401"
    assert one.instance != two.instance


def test_another_file_code_or_content_is_another_instance() -> None:
    base = identified([found(1)], lambda _path: ["import os"])[0].instance
    others = [
        identified([found(1, path="b.py")], lambda _path: ["import os"]),
        identified([found(1, code="F811")], lambda _path: ["import os"]),
        identified([found(1)], lambda _path: ["import sys"]),
    ]
    assert all(one.instance != base for (one,) in others)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'os' imported but unused", "'sys' imported but unused"),
        ("Name foo_bar is not defined", "Name baz_qux is not defined"),
        ("line too long (121 > 100)", "line too long (104 > 100)"),
        ("cannot open /a/b.c", "cannot open /d/e/f.c"),
        ("object at 0x7f00", "object at 0x1234"),
    ],
)
def test_messages_of_one_mistake_are_alike(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


@settings(deadline=None, max_examples=50)
@given(st.text(max_size=300))
def test_normalising_ends_and_repeats_itself(text: str) -> None:
    assert normalised(text) == normalised(text)


FINDINGS = st.lists(st.builds(found, st.integers(1, 4), st.sampled_from(["A", "B"]), st.sampled_from(["a", "b"])))


@settings(deadline=None, max_examples=50)
@given(FINDINGS, FINDINGS)
def test_compare_parts_the_findings_completely(previous: list[Finding], current: list[Finding]) -> None:
    lines = [f"line {number}" for number in range(5)]
    before = identified(previous, lambda _path: lines)
    now = identified(current, lambda _path: lines)
    result = compare(before, now)
    new, still_open, fixed = ({one.instance for one in part} for part in (result.new, result.still_open, result.fixed))
    assert not new & still_open and not new & fixed and not still_open & fixed
    assert new | still_open == {one.instance for one in now}
    assert still_open | fixed == {one.instance for one in before}
    again = compare(now, now)
    assert not again.new and not again.fixed


def test_what_a_silent_check_found_is_not_fixed() -> None:
    old = identified([found(1, check="mypy"), found(2)], no_lines)
    result = compare(old, [], unjudged={"mypy"})
    assert [one.check for one in result.still_open] == ["mypy"]
    assert [one.check for one in result.fixed] == ["ruff"]


def test_the_message_is_grouped_short_and_says_how_to_fix() -> None:
    new = identified(
        [
            found(3, message="`os` imported but unused").model_copy(update={"remediation": "Remove unused import"}),
            found(9, "E501", "b.py", "Line too long"),
            Finding(check="tests", message="assert 1 == 2\nE assert 1 == 2", path="t.py", line=4, code="test_bad"),
        ],
        no_lines,
    )
    known = identified([found(7, "B008", "c.py", "very long details that were told before")], no_lines)
    text = message_for_agent(new, known, (), 2, 6, [check(fix="ruff check --fix .", hint="Keep it simple.")])
    assert text.splitlines() == [
        "Checks, round 2: 3 new, 1 still open; 6 rounds left. Fix the causes; do not silence the checks.",
        "",
        "New:",
        "a.py",
        "  3 ruff F401: `os` imported but unused",
        "    fix: Remove unused import",
        "b.py",
        "  9 ruff E501: Line too long",
        "t.py",
        "  4 tests test_bad: assert 1 == 2",
        "    E assert 1 == 2",
        "",
        "Still open (you have the details from before):",
        "  c.py:7 ruff B008",
        "",
        "How to fix:",
        "  ruff: Keep it simple.",
        "  ruff: `ruff check --fix .` repairs what a machine can",
    ]
    assert "told before" not in text.replace("details from before", "")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 120), st.integers(0, 60), st.integers(1, 40))
def test_the_message_stays_short_whatever_comes(new: int, known: int, files: int) -> None:
    lots = [
        found(n, f"C{n % 7}", f"f{n % files}.py", "x\n" * (n % 40) + "y" * (n * 4)) for n in range(1, new + known + 1)
    ]
    everything = identified(lots, no_lines)
    text = message_for_agent(everything[:new], everything[new:], (), 1, None, [check(fix="ruff check --fix .")])
    assert len(text.splitlines()) <= 60
    assert max(len(line) for line in text.splitlines()) <= 300
    told = text.count("ruff C")
    assert told > 0 or not new + known


def test_many_of_a_kind_take_few_lines() -> None:
    new = identified([found(n) for n in range(1, 31)], no_lines)
    text = message_for_agent(new, (), (), 1, 1)
    assert "and 25 more ruff F401 on lines 6, 7" in text
    assert "1 round left" in text
    assert len(text.splitlines()) < 12


def test_clean_is_said_in_a_line() -> None:
    assert message_for_agent((), (), identified([found(1)], no_lines), 3, 2) == "Checks, round 3: clean (1 fixed)."


def test_the_cache_key_follows_what_decides_and_nothing_else() -> None:
    files = {"a.py": "1", "README.md": "2"}
    subject = check(inputs=["**/*.py"])
    key = cache_key(subject, files)
    assert key == cache_key(subject, dict(reversed(files.items())))
    assert key == cache_key(subject, {**files, "README.md": "3"})
    assert key == cache_key(check(inputs=["**/*.py"], when="merge", timeout_s=3, hint="x", fix="y"), files)
    others = [
        cache_key(subject, {**files, "a.py": "9"}),
        cache_key(subject, {**files, "b.py": "1"}),
        cache_key(check(inputs=["**/*.py"], env={"A": "1"}), files),
        cache_key(check(inputs=["**/*.py"], command="ruff check --select=ALL ."), files),
        cache_key(subject, files, {"version": "2"}),
    ]
    assert len({key, *others}) == 6


def test_what_is_due_and_in_which_order() -> None:
    checks = [
        check("slow", cost_s=60),
        check("merge", when="merge"),
        check("fast", cost_s=50),
        check("new", when="human"),
    ]
    assert [one.name for one in due(checks, When.TURN)] == ["slow", "fast"]
    assert [one.name for one in due(checks, When.MERGE)] == ["slow", "merge", "fast", "new"]
    assert [one.name for one in cheapest_first(checks, {"fast": 0.2, "new": 9})] == ["fast", "new", "slow", "merge"]


def ran(exit_code: int, stdout: bytes = b"", *, timed_out: bool = False, truncated: bool = False) -> Ran:
    return Ran(exit_code, stdout, b"stderr says so", 0.1, timed_out=timed_out, truncated=truncated)


@pytest.mark.parametrize(
    ("parser", "run", "outcome", "words"),
    [
        ("ruff-json", ran(0, b"[]"), CheckOutcome.PASSED, "clean"),
        ("ruff-json", ran(1, b"[]"), CheckOutcome.BROKEN, "stderr says so"),
        ("ruff-json", ran(2, b""), CheckOutcome.BROKEN, "stderr says so"),
        ("ruff-json", ran(0, b"garbage"), CheckOutcome.BROKEN, "no JSON"),
        ("ruff-json", ran(0, b"[]", truncated=True), CheckOutcome.BROKEN, "cut"),
        ("exit-code", ran(0, timed_out=True), CheckOutcome.BROKEN, "timeout_s"),
        ("exit-code", ran(0), CheckOutcome.PASSED, "clean"),
        ("exit-code", ran(3), CheckOutcome.FAILED, "1 finding"),
        ("mypy", ran(0, b"a.py:1: error: x  [misc]"), CheckOutcome.FAILED, "1 finding"),
        ("mypy", ran(0, b"a.py:1: note: x"), CheckOutcome.PASSED, "do not stop"),
        ("junit", ran(5, b"<testsuites/>"), CheckOutcome.BROKEN, "exit code 5"),
    ],
)
def test_silence_is_never_taken_for_approval(parser: str, run: Ran, outcome: CheckOutcome, words: str) -> None:
    source = Source(check="ruff", root=Path("/repo"), exit_code=run.exit_code)
    result = judge(check(parser=parser), TREE, run, source, no_lines)
    assert result.outcome is outcome
    assert words in result.summary


def test_warnings_stop_a_change_only_where_the_tool_says_so() -> None:
    source = Source(check="it", root=Path("/repo"))
    passed = judge(check(parser="mypy"), TREE, ran(0, b"a.py:1: warning: x"), source, no_lines)
    failed = judge(check(parser="mypy"), TREE, ran(1, b"a.py:1: warning: x"), source, no_lines)
    assert blocking([passed]) == ()
    assert [one.severity for one in blocking([failed])] == [Severity.WARNING]
