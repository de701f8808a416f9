"""Candidates for what syntax cannot say, and where a rule applies."""

from __future__ import annotations

import pytest

from cockpit.rules.repo.reading import typed_body
from cockpit.rules.service.gate import as_rule
from cockpit.rules.service.history import accepted_in, may_hit, words_of
from cockpit.rules.service.scope import scopes_of
from cockpit.rules.service.templates import SKELETONS, templates
from cockpit.rules.types import Engine
from cockpit.rules.types.forge import Candidate, Pair


def made(engine: Engine, *pairs: Pair) -> list[Candidate]:
    return [one for one in templates(pairs) if one.engine is engine]


def test_lines_that_went_become_a_regular_expression() -> None:
    one = Pair(bad="x = 1  # noqa: E501\ny = 2", good="x = 1\ny = 2")
    other = Pair(bad="call()  # noqa: F401, E501", good="call()")
    (found,) = made(Engine.REGEX, one, other)
    assert found.body["pattern"] == r"\#.*\bnoqa\b.*:.*\bE501\b"


def test_what_good_code_says_too_is_no_pattern() -> None:
    assert made(Engine.REGEX, Pair(bad="save(a, b)", good="save(b, a)")) == []


def test_long_functions_suggest_a_limit_between_bad_and_good() -> None:
    def function(lines: int) -> str:
        return "def f():\n" + "    a()\n" * (lines - 1)

    (found,) = made(Engine.SIZE, Pair(bad=function(120), good=function(35)), Pair(bad=function(90), good=function(20)))
    assert found.body == {"max_function_lines": 40}


def test_names_that_only_changed_their_style_suggest_a_naming_rule() -> None:
    one = Pair(bad="def getName(self): ...", good="def get_name(self): ...")
    other = Pair(bad="def doIt(): ...", good="def do_it(): ...")
    (found,) = made(Engine.NAMING, one, other)
    assert found.body["functions"] == "_*[a-z][a-z0-9]*(_[a-z0-9]+)*_*"


def test_a_file_that_moved_away_suggests_that_none_belongs_there() -> None:
    pair = Pair(bad="x = 1", good="x = 1", path="src/util.py", good_path="src/users/names.py")
    (found,) = made(Engine.PATH, pair)
    assert (found.body, found.files) == ({"absent": True}, ("src/*.py",))


def test_an_import_to_the_right_suggests_layers() -> None:
    bad = "from app.users.service.accounts import create\n\nx = create()"
    pair = Pair(bad=bad, good="x = None", path="app/users/types/account.py")
    (found,) = made(Engine.LAYERS, pair)
    assert found.body["domains"] == ["app/*"]


@pytest.mark.parametrize(("engine", "body"), SKELETONS.items())
def test_skeletons_are_rules_that_can_be_read(engine: Engine, body: dict[str, object]) -> None:
    typed_body(as_rule(Candidate(engine=engine, body=body, says=""), 0))


@pytest.mark.parametrize(
    ("paths", "narrowest"),
    [
        (["src/users/service/a.py", "src/orders/service/b.py"], ("src/*/service/**",)),
        (["src/users/a.py"], ("src/users/**",)),
        (["src/a/b/service/c.py", "src/d/service/e.py"], ("**/service/**",)),
        (["setup.py", "src/a.py"], ()),
        ([], ()),
    ],
)
def test_scope_is_taken_from_the_examples_paths(paths: list[str], narrowest: tuple[str, ...]) -> None:
    found = scopes_of(paths)
    assert found[0] == narrowest
    assert found[-1] == ()


LOG = (
    "\0{a} begin\n\ndiff --git a/x.py b/x.py\nindex 000..{b} 100644\n--- a/x.py\n+++ b/x.py\n"
    "@@ -0,0 +3,2 @@ def f\n+++ b/not-a-file\n+two\n@@ -9 +12 @@\n-old\n+new\n@@ -20,2 +22,0 @@\n-a\n-b\n"
    "\0{b} later\n"
).format(a="a" * 40, b="b" * 40)


def test_a_log_says_which_lines_came() -> None:
    first, second = accepted_in(LOG)
    assert (first.subject, second.added) == ("begin", [])
    (file,) = first.added
    assert (file.path, file.ranges) == ("x.py", [(3, 4), (12, 12)])
    assert file.meets(1, 3)
    assert file.meets(12, 12)
    assert not file.meets(5, 11)
    assert not file.meets(22, 22)


def test_a_text_without_a_patterns_words_is_not_looked_at() -> None:
    words = words_of({"rule": {"all": [{"pattern": "requests.get($URL, 'some text')"}, {"not": {"pattern": "other"}}]}})
    assert words == {"requests", "get"}
    assert may_hit(words, "requests.get(a)")
    assert not may_hit(words, "request.get(a)")
    assert words_of({"rule": {"any": [{"pattern": "json.loads($A)"}, {"pattern": "loads($A)"}]}}) == {"loads"}
    assert words_of({"rule": {"kind": "call"}}) == frozenset()
