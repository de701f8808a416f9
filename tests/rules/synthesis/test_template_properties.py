"""Whatever the examples are: a candidate for what syntax cannot say objects to the bad ones, and to no good one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.rules.runtime.gate import Gate, Question
from cockpit.rules.service.gate import examples_of
from cockpit.rules.service.templates import templates
from cockpit.rules.types import Engine
from cockpit.rules.types.forge import Candidate, Judged, News, Pair

NAMES = ("getName", "get_name", "doIt", "do_it", "Thing", "thing", "load")
LINES = (
    "def {}(self): ...",
    "class {}: ...",
    "x = {}()  # noqa: E501",
    "from app.users.service.{} import create",
    "import app.users.ui.{}",
    "    {} = 1  # TODO",
    "",
)
PATHS = ("", "app/users/types/account.py", "app/users/repo/account.py", "src/util.py", "src/users/getName.py")

line = st.builds(str.format, st.sampled_from(LINES), st.sampled_from(NAMES))
code = st.builds("\n".join, st.lists(line, min_size=1, max_size=4))
long = st.builds(lambda lines: "def f():\n" + "    a()\n" * lines, st.integers(1, 130))
pair = st.builds(
    lambda bad, good, path, good_path: Pair(bad=bad, good=good, path=path, good_path=good_path),
    st.one_of(code, long),
    st.one_of(st.just(""), code, long),
    st.sampled_from(PATHS),
    st.sampled_from(("", *PATHS)),
)
renamed = st.builds(
    lambda form, names, rest: Pair(bad=f"{form.format(names[0])}\n{rest}", good=f"{form.format(names[1])}\n{rest}"),
    st.sampled_from(LINES[:2]),
    st.sampled_from((("getName", "get_name"), ("doIt", "do_it"), ("my_thing", "MyThing"), ("load", "read"))),
    line,
)
imported = st.builds(
    lambda name, rest: Pair(
        bad=f"from app.users.service.accounts import {name}\n{rest}", good=rest, path="app/users/types/account.py"
    ),
    st.sampled_from(NAMES),
    line,
)
moved = st.builds(
    lambda text, path: Pair(bad=text, good=text, path=path, good_path="src/users/names.py"),
    code,
    st.sampled_from(("src/util.py", "src/other.py")),
)
grown = st.builds(lambda bad, good: Pair(bad=bad, good=good), long, long)
several = st.one_of(*(st.lists(one, min_size=1, max_size=3) for one in (pair, renamed, imported, moved, grown)))


async def judged(candidates: Sequence[Candidate], pairs: Sequence[Pair], folder: Path) -> list[Judged]:
    told: list[News] = []
    async with Gate(folder) as gate:
        for one in candidates:
            await gate.judge(Question([one], one.examples or examples_of(pairs)), told.append)
    return [news for news in told if isinstance(news, Judged)]


def test_every_template_keeps_the_examples_apart(tmp_path: Path) -> None:
    """A candidate that speaks of files or imports brings its own examples; the others are held against those given."""
    engines: set[Engine] = set()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True, database=None)
    @given(pairs=several)
    def check(pairs: list[Pair]) -> None:
        candidates = templates(pairs)
        engines.update(one.engine for one in candidates)
        for one, news in zip(candidates, asyncio.run(judged(candidates, pairs, tmp_path)), strict=True):
            assert news.is_proven, (one, news)

    check()
    assert engines >= {Engine.REGEX, Engine.SIZE, Engine.NAMING, Engine.LAYERS, Engine.PATH}


@pytest.mark.parametrize("engine", [Engine.NAMING, Engine.SIZE])
def test_examples_that_say_nothing_of_it_propose_nothing(engine: Engine) -> None:
    pairs = [Pair(bad="x = eval(a)", good="x = parse(a)"), Pair(bad="y = eval(b)", good="y = parse(b)")]
    assert all(one.engine is not engine for one in templates(pairs))
