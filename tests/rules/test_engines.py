from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from cockpit.rules.service.regex import Pattern
from cockpit.rules.types.errors import RuleFileError
from tests.rules.book import Book


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


def test_a_hostile_pattern_takes_no_longer_than_the_text_is_long() -> None:
    began = time.process_time()
    assert not Pattern("^(a+)+$").is_in("a" * 100_000 + "b")
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a|a)*$", "a" * 50_000 + "!"),
        ("^(a|aa)+$", "a" * 50_000 + "!"),
        (r"(\w+\s?)*!$", "a " * 25_000),
        (r"^(\d+)*x\d*$", "1" * 50_000),
        (r"([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*(@)", "a" * 50_000),
        (r"\s+$", " " * 50_000 + "x"),
        (r"(.*)=(.*);(.*)=(.*);", "=" * 50_000),
        ("(x+x+)+y", "x" * 50_000),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 50_000),
    ],
)
async def test_patterns_known_to_take_for_ever_do_not(book: Book, pattern: str, text: str) -> None:
    book.rule(f"id: r\nengine: regex\nregex: {{pattern: {json.dumps(pattern)}, unit: file}}\n")
    book.write({"a.txt": "\n".join([text[:3_900]] * 12)})
    began = time.process_time()
    await book.scan()
    Pattern(pattern).is_in(text)
    assert time.process_time() - began < 4


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", r"(a)\1", "a{1000}{1000}{100}"])
def test_a_pattern_beyond_the_dialect_is_told(pattern: str) -> None:
    with pytest.raises(RuleFileError, match="pattern is wrong"):
        Pattern(pattern)


async def test_regex_looks_at_lines_paragraphs_or_whole_files(book: Book) -> None:
    book.write({"a.md": "# T\n\n- no sleeping\n- no mocks\n  instead: real parts\n\nTODO later\n"})
    book.rule("id: todo\nengine: regex\nregex: {pattern: 'todo\\b', ignore_case: true}\n", "todo")
    book.rule("id: dos\nengine: regex\nregex: {pattern: '^- no', unless: instead, unit: paragraph}\n", "dos")
    book.rule("id: far\nengine: regex\nregex: {pattern: 'mocks\\n.*parts', unit: file}\n", "far")
    scan = await book.scan()
    assert {(hit.rule, hit.line, hit.text) for hit in scan.hits} == {
        ("todo", 7, "TODO later"),
        ("dos", 3, "- no sleeping"),
        ("far", 5, "instead: real parts"),
    }


async def test_a_wrong_pattern_is_a_problem_and_no_silence(book: Book) -> None:
    book.write({"a.md": "x\n"}).rule("id: bad\nengine: regex\nregex: {pattern: '('}\n")
    scan = await book.scan()
    assert [problem.rule for problem in scan.problems] == ["bad"]
    assert (await book.scan()).problems, "and stays one, whatever is known of the files"


async def test_sizes_are_told_by_name_in_every_language(book: Book) -> None:
    book.rule("id: size\nengine: size\nmessage: split it\nsize: {max_function_lines: 3, max_class_lines: 5}\n")
    body = "\n".join(["  x()"] * 3)
    book.write(
        {
            "a.py": f"def long():\n{body}\n\ndef short():\n  x()\n  y()\n",
            "a.ts": f"export function long() {{\n{body}\n}}\nconst short = () => 1\n",
            "a.go": f"package a\nfunc (c *Cart) Long() {{\n{body}\n}}\n",
            "a.rs": f"fn long() {{\n{body}\n}}\n",
            "A.java": f"class A {{\n void lasting() {{\n{body}\n }}\n}}\n",
        }
    )
    told = {(hit.path, hit.line, hit.message, hit.text) for hit in (await book.scan()).hits}
    assert told == {
        ("a.py", 1, "function long has 4 lines, more than 3: split it", "long"),
        ("a.ts", 1, "function long has 5 lines, more than 3: split it", "long"),
        ("a.go", 2, "function Long has 5 lines, more than 3: split it", "Long"),
        ("a.rs", 1, "function long has 5 lines, more than 3: split it", "long"),
        ("A.java", 1, "class A has 7 lines, more than 5: split it", "A"),
        ("A.java", 2, "function lasting has 5 lines, more than 3: split it", "lasting"),
    }


async def test_files_and_changes_have_a_size_too(book: Book) -> None:
    book.rule("id: size\nengine: size\nfiles: ['*.py']\nsize: {max_lines: 2, max_changed_files: 1}\n")
    book.write({"a.py": "1\n2\n", "b.py": "1\n2\n3\n", "c.md": "1\n2\n3\n"})
    assert await book.places() == ["b.py:1"]
    assert await book.places({"a.py", "b.py"}) == ["b.py:1", ":None"]


async def test_names_are_looked_at_where_things_are_named(book: Book) -> None:
    book.rule(
        "id: names\nengine: naming\n"
        "naming: {files: '[a-z_]+\\.[a-z]+', functions: '[a-z_]+', classes: '[A-Z][a-zA-Z]*'}\n"
    )
    book.write(
        {"a.py": "class cart:\n    def getTotal(self):\n        return helperName()\n", "B.ts": "function total() {}\n"}
    )
    assert {(hit.path, hit.line, hit.text) for hit in (await book.scan()).hits} == {
        ("a.py", 1, "cart"),
        ("a.py", 2, "getTotal"),
        ("B.ts", 1, "B.ts"),
    }


async def test_paths_must_exist_or_not_and_change_together(book: Book) -> None:
    book.rule("id: map\nengine: path\npath: {exist: [AGENTS.md]}\n", "map")
    book.rule("id: rest\nengine: path\nfiles: ['**/*.orig']\npath: {absent: true}\n", "rest")
    book.rule("id: tested\nengine: path\nfiles: ['src/**']\npath: {beside: 'tests/test_{stem}.py'}\n", "tested")
    book.rule("id: docs\nengine: path\nfiles: ['src/api.py']\npath: {together: ['docs/**']}\n", "docs")
    book.write({"src/api.py": "", "src/b.py": "", "tests/test_b.py": "", "a.orig": "", "docs/api.md": ""})
    told = {(hit.rule, hit.path) for hit in (await book.scan()).hits}
    assert told == {("map", ""), ("rest", "a.orig"), ("tested", "src/api.py")}
    assert ("docs", "src/api.py") in {(hit.rule, hit.path) for hit in (await book.scan({"src/api.py"})).hits}
    together = await book.scan({"src/api.py", "docs/api.md"})
    assert "docs" not in {hit.rule for hit in together.hits}


async def test_links_must_lead_somewhere(book: Book) -> None:
    book.rule("id: links\nengine: path\nfiles: ['**/*.md']\npath: {links: true}\n")
    book.write(
        {"docs/a.md": "[a](b.md) [b](../src) [c](#x) [d](https://x.y/z)\n```\n[e](gone.md)\n```\n[f](gone.md#x)\n"}
    )
    book.write({"docs/b.md": "", "src/x.py": ""})
    assert await book.places() == ["docs/a.md:5"]


async def test_files_made_to_take_for_ever_do_not(book: Book) -> None:
    book.rule("id: links\nengine: path\nfiles: ['*.md']\npath: {links: true}\n", "links")
    book.rule("id: layers\nengine: layers\nlayers: {domains: [src]}\n", "layers")
    book.write(
        {
            "a.md": ("[" * 4000 + "\n") * 200,
            "tsconfig.json": "/*" * 100_000,
            "src/tsconfig.json": '\\"' * 100_000,
            "Cargo.toml": '[package]\nname = "a"\n',
            "src/lib.rs": f"use a{'::b' * 100_000};\nuse c{' ' * 300_000}::d;\n",
            "src/a.ts": "import './b'\n",
            "src/b.ts": "x() // ast-grep-ignore\n" * 20_000,
        }
    )
    began = time.process_time()
    await book.scan()
    assert time.process_time() - began < 10
