from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.rules.repo.baseline import Baseline, baseline_text, parse_baseline
from cockpit.rules.runtime.ast_grep import AstGrep
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.baseline import baseline_of, split
from cockpit.rules.service.documents import documents_of
from cockpit.rules.types.errors import RuleFileError, ScanError
from tests.rules.book import NO_EVAL, Book, place


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path).rule(NO_EVAL, "no-eval")


async def test_a_hit_says_where_and_with_which_code(book: Book) -> None:
    book.write({"src/a.py": "x = 1\ny = eval(\n  x)\n"})
    (hit,) = (await book.scan()).hits
    assert (hit.path, hit.line, hit.column, hit.end_line, hit.text) == ("src/a.py", 2, 5, 3, "eval(\n  x)")


async def test_globs_of_a_rule_hold(book: Book) -> None:
    book.rule(NO_EVAL + "files: ['src/**']\nignores: ['**/skip.py']\n", "no-eval")
    book.write({"src/a.py": "eval(x)\n", "src/skip.py": "eval(x)\n", "b.py": "eval(x)\n"})
    assert await book.places() == ["src/a.py:1"]


async def test_a_rule_that_ast_grep_cannot_read_is_told_and_the_others_run(book: Book) -> None:
    book.rule("id: bad\nlanguage: python\nrule: {kind: no_such_kind}\n", "bad")
    book.rule("id: worse\nlanguage: klingon\nrule: {pattern: x}\n", "worse")
    book.write({"a.py": "eval(x)\n"})
    for _again in range(2):  # what is known of a file never hides a rule that could not run
        scan = await book.scan()
        assert [place(hit) for hit in scan.hits] == ["a.py:1"]
        assert sorted(problem.rule for problem in scan.problems) == ["bad", "worse"]


async def test_a_repository_s_own_settings_of_ast_grep_are_not_read(book: Book) -> None:
    book.write(
        {"sgconfig.yml": "ruleDirs: [nowhere]\n", ".cockpit/sgconfig.yml": "customLanguages: {x: {libraryPath: y}}\n"}
    )
    book.write({"a.py": "eval(x)\n"})
    assert await book.places() == ["a.py:1"]


async def test_only_what_changed_is_looked_into(book: Book) -> None:
    book.write({"a.py": "eval(x)\n", "b.py": "eval(x)\n"})
    scan = await book.scan({"b.py", "gone.py"})
    assert [place(hit) for hit in scan.hits] == ["b.py:1"]
    assert scan.files == 1


async def test_the_same_content_is_not_scanned_twice(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    book.write({"a.py": "eval(x)\n", "b.py": "x = 1  # ast-grep-ignore: no-eval\n"})
    first = await book.scan()

    async def never(*_arguments: object) -> None:
        raise AssertionError("ast-grep was run again")

    monkeypatch.setattr(AstGrep, "scan", never)
    second = await book.scan()
    assert (second.known, second.hits, second.suppressions) == (2, first.hits, first.suppressions)
    book.write({"a.py": "eval(y)\n"})
    with pytest.raises(AssertionError, match="run again"):
        await book.scan()


async def test_links_and_what_is_no_text_are_left_alone(book: Book, tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("eval(x)\n")
    book.write({"real.py": "eval(x)\n", "data.py": "\0eval(x)\n"})
    (book.root / "linked.py").symlink_to(tmp_path / "secret.py")
    (book.root / "loop.py").symlink_to(book.root / "loop.py")
    assert "real.py:1" in await book.places()
    assert "linked.py:1" not in await book.places()


async def test_suppressions_are_counted_and_unused_ones_are_known(book: Book) -> None:
    book.rule("id: todo\nengine: regex\nregex: {pattern: TODO}\n", "todo")
    book.write(
        {
            "a.py": "# ast-grep-ignore: no-eval\neval(x)\neval(y)  # ast-grep-ignore\n",
            "b.py": "x = 1  # ast-grep-ignore: no-eval\n\n# ast-grep-ignore: todo\n# TODO tidy up\n",
            "c.md": "TODO <!-- ast-grep-ignore: todo -->\n\nx <!-- ast-grep-ignore: todo -->\n",
        }
    )
    scan = await book.scan()
    assert scan.hits == ()
    assert {(one.path, one.line): one.is_used for one in scan.suppressions} == {
        ("a.py", 1): True,
        ("a.py", 3): True,
        ("b.py", 1): False,
        ("b.py", 3): True,
        ("c.md", 1): True,
        ("c.md", 3): False,
    }


async def test_shared_matchers_work(book: Book) -> None:
    book.write({".cockpit/utils/call.yml": "id: my-call\nlanguage: python\nrule: {pattern: danger($A)}\n"})
    book.rule("id: uses\nlanguage: python\nrule: {matches: my-call}\n", "uses")
    book.write({"a.py": "danger(1)\n"})
    assert await book.places() == ["a.py:1"]


async def test_a_scan_that_takes_too_long_is_told(book: Book) -> None:
    book.write({"a.py": "eval(x)\n"})
    slow = Scanner(book.state)
    slow._config = slow._config.model_copy(update={"timeout_s": 0.0001})
    with pytest.raises(ScanError, match="did not finish"):
        await slow.scan(book.rules, Sources(book.root, ["a.py"]))


async def test_many_paths_go_in_parts(book: Book) -> None:
    documents = documents_of(book.rules.rules)
    folder = "long" * 50
    names = [f"{folder}/{number}.py" for number in range(3200)]
    (book.root / folder).mkdir()
    book.write({names[0]: "eval(x)\n", names[-1]: "eval(x)\n"})
    found = await AstGrep(book.state).scan(book.root, documents, {}, names, 60)
    assert [match.path for match in found.matches] == [names[0], names[-1]]


async def test_the_baseline_knows_old_code_wherever_it_moves_and_stops_new_code(book: Book) -> None:
    book.write({"a.py": "eval(x)\neval(x)\n"})
    baseline = parse_baseline(baseline_text(baseline_of((await book.scan()).hits)))
    book.write({"a.py": "import os\n\neval( x)\neval(x)\neval(x)\neval(y)\n"})
    fresh, known = split((await book.scan()).hits, baseline)
    assert len(known) == 2
    assert [hit.text for hit in fresh][-1] == "eval(y)"
    assert split([], Baseline()) == ([], [])
    with pytest.raises(RuleFileError, match="no baseline"):
        parse_baseline('{"known": 3}')
