"""Whatever the offences are: making rules of them never fails, ends soon, and each rule is one that ast-grep takes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.rules.service.synthesis import Proposal, UnreadableError, proposals
from cockpit.rules.service.synthesis.tree import MOST_BYTES, matches, parse
from cockpit.rules.types.forge import Pair

_AST_GREP = Path(sys.executable).with_name("ast-grep")

_FRAMES = {
    "python": ("{}", "x = {}", "if a:\n    {}", "def f(b, c=None):\n    {}\n    return b", "for i in xs:\n    y({})"),
    "typescript": (
        "{};",
        "const x = {};",
        "if (a) {{ {}; }}",
        "function f(b: number) {{ return {}; }}",
        "y(() => {});",
    ),
    "go": (
        "package p\nfunc f() {{\n\tx := {}\n}}",
        "package p\nfunc f() {{\n\tif a {{\n\t\ty({})\n\t}}\n}}",
        "package p\nfunc g(b int) int {{\n\treturn {}\n}}",
    ),
    "rust": ("fn f() {{ let x = {}; }}", "fn f() {{ if a {{ y({}); }} }}", "fn g(b: u8) -> u8 {{ {} }}"),
    "java": (
        "class A {{ void f() {{ y({}); }} }}",
        "class A {{ int g(int b) {{ return {}; }} }}",
        "class A {{ void f() {{ if (a) {{ x = {}; }} }} }}",
    ),
}
_PARTS = ("a", "b.c", "load(a)", "self.run(b, 1)", "1", '"text %s"', "m.n.o(p)", "a == b", "q[0]", "True", "true", "-1")

names = st.sampled_from(("get", "load_all", "Value", "eval", "_one"))
parts = st.one_of(
    st.sampled_from(_PARTS),
    st.builds("{}({}, {})".format, names, st.sampled_from(_PARTS), st.sampled_from(_PARTS)),
    st.builds("{}.{}({})".format, names, names, st.sampled_from(_PARTS)),
)


def pairs_in(language: str) -> st.SearchStrategy[list[Pair]]:
    """One to three offences; most have a fix."""
    code = st.builds(lambda frame, part: frame.format(part), st.sampled_from(_FRAMES[language]), parts)
    pair = st.builds(lambda bad, good: Pair(bad=bad, good=good), code, st.one_of(st.just(""), code, code))
    return st.lists(pair, min_size=1, max_size=3)


def keeps_apart(one: Proposal, pairs: list[Pair], language: str) -> bool:
    bad = all(matches(parse(pair.bad, language), one.body) for pair in pairs)
    return bad and not any(matches(parse(pair.good, language), one.body) for pair in pairs if pair.good)


def refusal(found: list[Proposal], language: str, folder: Path) -> str:
    """Return what ast-grep says against the rules, as files are read; empty: nothing."""
    rules = folder / "rules.yml"
    said = [{"id": f"r{number}", "language": language, **one.body} for number, one in enumerate(found)]
    rules.write_text(yaml.safe_dump_all(said), encoding="utf-8")
    command = (str(_AST_GREP), "scan", "--rule", str(rules), "--json=stream", str(folder / "none"))
    (folder / "none").mkdir(exist_ok=True)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    return done.stderr if done.returncode else ""


@pytest.mark.parametrize("language", _FRAMES)
def test_every_proposal_keeps_the_examples_apart_and_is_one_that_ast_grep_takes(
    language: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("rules")

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(pairs=pairs_in(language))
    def check(pairs: list[Pair]) -> None:
        found = proposals(pairs, language)
        assert all(keeps_apart(one, pairs, language) for one in found)
        assert not found or refusal(found, language, folder) == ""

    check()


@pytest.mark.parametrize("language", _FRAMES)
def test_no_text_at_all_makes_it_fail(language: str) -> None:
    text = st.text(alphabet=st.sampled_from("ab.(){}[]:;,=\"'#\n\t $µ%+-<>é🦊\x00"), max_size=60)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(bad=text, good=text)
    def check(bad: str, good: str) -> None:
        pairs = [Pair(bad=bad, good=good)]
        assert all(keeps_apart(one, pairs, language) for one in proposals(pairs, language)[:20])

    check()


def module(lines: int) -> str:
    return "".join(
        f"def f{number}(a, b):\n    return g(a, {number}) + b.c['d{number}']\n" for number in range(lines // 2)
    )


@pytest.mark.parametrize("lines", [20, 100, 600])
def test_offences_in_long_snippets_take_no_longer_than_bearable(lines: int) -> None:
    bad, good = f"{module(lines)}x = eval(y)\n", f"{module(lines)}x = parse(y)\n"
    started = time.process_time()
    found = proposals([Pair(bad=bad, good=good)], "python")
    assert time.process_time() - started < 4  # far above what it takes; a blow-up takes minutes
    assert any(matches(parse("z = eval(w)", "python"), one.body) for one in found[:4])


@pytest.mark.parametrize("code", ["(" * 3000 + "1" + ")" * 3000, "+".join("a" * 9000), "a" * (MOST_BYTES + 1)])
def test_what_is_too_long_or_nested_too_deeply_is_refused(code: str) -> None:
    with pytest.raises(UnreadableError, match="give the lines that matter"):
        proposals([Pair(bad=code, good="b")], "python")
