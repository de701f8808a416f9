from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.checks.types import Severity
from cockpit.rules.repo.documents import with_value
from cockpit.rules.repo.places import examples_file, invariant_file, rule_file
from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.repo.writing import with_state, write_files
from cockpit.rules.types import Engine, RuleState
from cockpit.rules.types.errors import RuleFileError, RulesError
from tests.rules.book import NO_EVAL

SIZE = "id: size\nengine: size\nmessage: too long\nsize: {max_lines: 400}\nexamples: {good: ['x = 1']}\n"


def test_a_plain_ast_grep_file_is_a_rule_and_its_tests_are_its_examples() -> None:
    tests = "id: no-eval\nvalid: [parse(x)]\ninvalid: [eval(x)]\n"
    (rule,) = read_rules({rule_file("no-eval"): NO_EVAL, examples_file("no-eval"): tests}).rules
    assert rule.engine is Engine.AST_GREP
    assert dict(rule.body) == {"rule": {"pattern": "eval($CODE)"}}
    assert rule.good_example == "parse(x)"
    assert rule.finding_severity is Severity.ERROR


@pytest.mark.parametrize(
    ("state", "is_run", "is_told", "severity"),
    [
        ("draft", False, False, Severity.WARNING),
        ("shadow", True, False, Severity.WARNING),
        ("warn", True, True, Severity.WARNING),
        ("block", True, True, Severity.ERROR),
        ("retired", False, False, Severity.WARNING),
    ],
)
def test_its_state_says_what_a_rule_may_do(state: str, is_run: bool, is_told: bool, severity: Severity) -> None:
    (rule,) = read_rules({rule_file("r"): NO_EVAL + f"metadata: {{state: {state}, mine: kept}}\n"}).rules
    assert (rule.is_run, rule.is_told, rule.finding_severity) == (is_run, is_told, severity)
    assert rule.metadata.model_extra == {"mine": "kept"}


@pytest.mark.parametrize(
    ("file", "text", "line", "said"),
    [
        (rule_file("r"), "id: r\nlanguage: python\n", 1, "no `rule`"),
        (rule_file("r"), "id: r\nrule: {\n", 3, "is not YAML"),
        (rule_file("r"), NO_EVAL.replace("no-eval", "No Eval"), 1, "id"),
        (rule_file("r"), NO_EVAL + "metadata:\n  why: no\n  state: asleep\n", 9, "metadata.state"),
        (rule_file("r"), NO_EVAL + "engine: size\n", 7, "invariants"),
        (rule_file("r"), NO_EVAL + "constraints: {A: !!set {a, b}}\n", 7, "constraints: holds something"),
        (invariant_file("r"), "id: r\nengine: sice\n", 2, "engine is none of"),
        (invariant_file("r"), "id: r\nengine: size\nsize: {max_line: 3}\n", 3, "size"),
        (invariant_file("r"), "id: r\nengine: size\n", 2, "has no `size:`"),
        (invariant_file("r"), SIZE + "sise: 3\n", 6, "sise"),
        (invariant_file("r"), "- a\n", 1, "no mapping"),
        (invariant_file("r"), "a: &a [1]\nb: [*a, *a]\n", 2, "anchor"),
        (rule_file("r"), "x" * 300_000, None, "larger than"),
        (rule_file("r"), "[" * 100_000, None, "nested deeper"),
        (rule_file("r"), "a: " + '["]",' * 40_000, None, "nested deeper"),
        (rule_file("r"), "- " * 100_000 + "a", None, "nested deeper"),
        (rule_file("r"), "? " * 100_000 + "a", None, "nested deeper"),
        (rule_file("r"), "".join(f"{' ' * depth}a:\n" for depth in range(600)), None, "nested deeper"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_by_line_and_the_others_count(
    file: str, text: str, line: int | None, said: str
) -> None:
    rules = read_rules({file: text, rule_file("good"): NO_EVAL})
    assert [rule.id for rule in rules.rules] == ["no-eval"]
    (problem,) = rules.problems
    assert said in problem.message
    assert (problem.path, problem.line) == (file, line)


def test_an_id_is_taken_once() -> None:
    rules = read_rules({rule_file("a"): NO_EVAL, rule_file("b"): NO_EVAL})
    assert len(rules.rules) == 1
    assert "is taken by" in rules.problems[0].message


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text(NO_EVAL)
    folder = tmp_path / "code/.cockpit/rules"
    folder.mkdir(parents=True)
    (folder / "linked.yml").symlink_to(tmp_path / "secret.yml")
    assert read_files(tmp_path / "code") == {}


def test_changing_one_value_keeps_every_comment() -> None:
    text = "# why\nid: a  # the id\nmetadata:\n  state: shadow  # for now\n  why: |\n    so\n\nfiles: [x]\n"
    changed = with_state(text, RuleState.BLOCK)
    assert changed == text.replace("shadow", "block")
    added = with_value(changed, ("metadata", "owner"), "ann")
    assert added == changed.replace("    so\n", "    so\n  owner: ann\n")
    assert with_value(added, ("metadata", "owner"), None) == changed
    assert with_value("id: a\n", ("metadata", "state"), "warn") == "id: a\nmetadata: {state: warn}\n"
    flow = "id: a\nmetadata: {why: b} # c\n"
    assert with_state(flow, RuleState.WARN) == "id: a\nmetadata: {why: b, state: warn} # c\n"
    assert with_value(text, ("files",), ["a b", "*.py", "yes"]).endswith('files: [a b, "*.py", "yes"]\n')


def test_a_text_that_cannot_be_changed_is_refused() -> None:
    with pytest.raises(RuleFileError):
        with_value("id: [1\n", ("id",), "a")
    with pytest.raises(RuleFileError):
        with_value("metadata: [1]\n", ("metadata", "state"), "a")


def test_files_that_exist_are_kept_and_nothing_is_written_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / "code"
    root.mkdir()
    assert write_files(root, {rule_file("a"): NO_EVAL}) == [".cockpit/sgconfig.yml", rule_file("a")]
    assert write_files(root, {rule_file("a"): "other"}) == []
    assert (root / rule_file("a")).read_text() == NO_EVAL
    other = tmp_path / "other"
    other.mkdir()
    (other / ".cockpit").symlink_to(tmp_path)
    with pytest.raises(RulesError):
        write_files(other, {rule_file("a"): NO_EVAL})
