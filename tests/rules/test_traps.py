"""Where ast-grep says nothing, ends the program or takes words for something else: each must be told, none may pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.rules.repo.places import rule_file
from cockpit.rules.repo.reading import read_rules
from cockpit.rules.runtime.patterns import incomplete_patterns
from tests.rules.book import NO_EVAL, Book, place


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path).rule(NO_EVAL, "no-eval").write({"a.py": "eval(x)\nprint(1)\n"})


def problems(language: str, rule: str) -> list[str]:
    read = read_rules({rule_file("r"): f"id: r\nlanguage: {language}\nrule: {rule}\n"})
    assert not read.problems
    return [one.message for one in incomplete_patterns(read.rules)]


@pytest.mark.parametrize(
    ("language", "pattern"),
    [
        *(("python", one) for one in ("print(", "foo = {", "f(a b)", "'abc")),
        *(("go", one) for one in ("fmt.Print(", "if x {")),
        *(("rust", one) for one in ("foo(", "let $A =")),
        *(("java", one) for one in ("foo(",)),
        *(("TypeScript", one) for one in ("foo(", "const $A = {")),
    ],
)
def test_a_pattern_that_is_no_whole_piece_is_told_however_deep_it_stands(language: str, pattern: str) -> None:
    said = pattern.replace("'", "''")
    for rule in (f"{{pattern: '{said}'}}", f"{{any: [{{kind: x}}, {{not: {{has: {{pattern: '{said}'}}}}}}]}}"):
        (message,) = problems(language, rule)
        assert "no whole piece" in message


@pytest.mark.parametrize(
    ("language", "pattern"),
    [
        *(("python", one) for one in ("print($$$A)", "$A.get($B, timeout=$T)", "@app.$X", "if $C: $$$B", "not $_")),
        *(("python", one) for one in ("$F($$$, key=$K, $$$)", "for $X in $Y:\n  $$$BODY", "with $A as $B: $$$")),
        *(("go", one) for one in ("fmt.Println($A)", "if err != nil { $$$ }", "func $F($$$A) error { $$$B }")),
        *(("rust", one) for one in ("$A.unwrap()", "println!($$$A)", "match $A { $$$B }", "impl $T for $U { $$$ }")),
        *(("java", one) for one in ("System.out.println($A);", "new $T($$$A)", "if ($A) { $$$ }")),
        *(("tsx", one) for one in ("console.log($$$A)", "<$T $$$>$$$</$T>", "await $A")),
        *(("js", one) for one in ("$A == $B", "function $F($$$A) { $$$B }")),
    ],
)
def test_a_whole_pattern_is_let_be(language: str, pattern: str) -> None:
    read = read_rules({rule_file("r"): f"id: r\nlanguage: {language}\nrule:\n  pattern: |\n    {_indented(pattern)}\n"})
    assert not read.problems
    assert incomplete_patterns(read.rules) == []


def _indented(pattern: str) -> str:
    return pattern.replace("\n", "\n    ")


async def test_half_a_pattern_never_passes_for_silence(book: Book) -> None:
    book.rule("id: half\nlanguage: python\nrule: {any: [{pattern: 'print('}, {pattern: exec($A)}]}\n", "half")
    for _again in range(2):
        scan = await book.scan()
        assert [place(hit) for hit in scan.hits] == ["a.py:1"]
        assert [one.rule for one in scan.problems] == ["half"]


@pytest.mark.parametrize("language", ["klingon", "toml", "Python; rm", "../python", '"\\0"'])
async def test_a_language_that_ends_the_library_is_told(
    book: Book, language: str, capfd: pytest.CaptureFixture[str]
) -> None:
    book.rule(f"id: odd\nlanguage: {language}\nrule: {{pattern: x}}\n", "odd")
    scan = await book.scan()
    assert [place(hit) for hit in scan.hits] == ["a.py:1"]
    assert [one.rule for one in scan.problems] == ["odd"]
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "rule",
    [
        "{pattern: '\\uD800('}",
        '{pattern: "\\uD800"}',
        "{regex: '(?=look)'}",
        "{regex: '(a)\\1', kind: identifier}",
        "{kind: no_such_kind}",
        "{matches: nobody}",
        "{pattern: {context: 'x', selector: nothing}}",
        "{nthChild: -1}",
        "{unheard_of: 1}",
        "[]",
    ],
)
async def test_what_cannot_be_carried_out_is_told_and_hides_nothing(book: Book, rule: str) -> None:
    book.rule(f"id: odd\nlanguage: python\nrule: {rule}\n", "odd")
    scan = await book.scan()
    assert [place(hit) for hit in scan.hits] == ["a.py:1"]
    assert [one.path for one in scan.problems] == [".cockpit/rules/odd.yml"]


async def test_words_that_older_yaml_takes_for_something_else(book: Book) -> None:
    book.rule(
        "id: day\nlanguage: python\nrule: {kind: integer, regex: 2020-01-01}\nmetadata: {since: 2020-01-01}\n", "day"
    )
    book.rule("id: quiet\nlanguage: python\nseverity: off\nrule: {pattern: print($A)}\n", "quiet")
    scan = await book.scan()
    assert not scan.problems
    assert [place(hit) for hit in scan.hits] == ["a.py:1"]


async def test_globs_and_comments_hold_for_each_rule_alone(book: Book) -> None:
    book.rule(NO_EVAL.replace("no-eval", "other") + "files: ['src/**']\nignores: ['src/gen/**']\n", "other")
    book.write(
        {
            "src/a.py": "eval(x)  # ast-grep-ignore: other\neval(y)  # ast-grep-ignore: no-eval\n",
            "src/gen/a.py": "eval(x)\n",
        }
    )
    scan = await book.scan()
    assert {(hit.rule, place(hit)) for hit in scan.hits} == {
        *{("no-eval", "a.py:1"), ("no-eval", "src/a.py:1"), ("no-eval", "src/gen/a.py:1")},
        ("other", "src/a.py:2"),
    }
    assert all(one.is_used for one in scan.suppressions)
