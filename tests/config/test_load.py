from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cockpit.checks.config import Parser
from cockpit.checks.types import When
from cockpit.config import Config, ConfigError, load, parse, reload
from cockpit.config.lines import line_of
from cockpit.config.model import BUILT_IN_AGENTS
from cockpit.rules.config import ForgeConfig

WHOLE = """
default_agent = "fast"

[[checks]]
name = "ruff"
command = "ruff check --output-format=json ."
inputs = ["**/*.py", "!docs/**"]
parser = "ruff-json"
fix = ["ruff", "check", "--fix", "."]
env = { RUFF_CACHE_DIR = "x" }

[[checks]]
name = "tests"
command = ["bash", "-c", "pytest -q && true"]
when = "human"

[sessions]
max_parallel = 7
setup = "uv sync"
copy = [".env"]

[sessions.app]
command = "python -m http.server $PORT"
ready = { port = "PORT" }

[budget]
rounds = 3
minutes = 0

[agents.fast]
driver = "native"
model = "small"
max_tokens = 4000

[merge]
target = "main"
auto_approve = { paths = ["docs/**"] }

[ui]
theme = "light"
keys = { approve = "A", redirect = ["r", "R"] }

[policy]
commands = ["git status *"]
"""


def test_a_whole_file_is_read() -> None:
    config = parse(WHOLE)
    ruff, tests = config.checks
    assert ruff.command == ("ruff", "check", "--output-format=json", ".")
    assert (ruff.parser, ruff.when, ruff.network) == (Parser.RUFF_JSON, When.TURN, False)
    assert tests.command == ("bash", "-c", "pytest -q && true")
    assert config.sessions.copy_files == (".env",)
    assert config.sessions.app is not None
    assert config.sessions.app.ready is not None
    assert config.sessions.app.ready.port == "PORT"
    assert (config.budget.rounds, config.budget.minutes) == (3, None)
    assert config.agents["fast"].settings == {"model": "small", "max_tokens": 4000}
    assert set(config.agents) == {*BUILT_IN_AGENTS, "fast"}
    assert config.merge.auto_approve is not None
    assert config.ui.keys == {"approve": ("A",), "redirect": ("r", "R")}


def test_checks_may_be_named_tables() -> None:
    named = parse('[checks.a]\ncommand = "true"\n[checks.b]\ncommand = "false"\n')
    listed = parse('[[checks]]\nname = "a"\ncommand = "true"\n[[checks]]\nname = "b"\ncommand = "false"\n')
    assert named == listed


def test_without_a_file_defaults_hold(tmp_path: Path) -> None:
    config = load(tmp_path, tmp_path / "none.toml")
    assert config == Config()
    assert config.checks == ()
    assert config.default_agent == "native"
    assert config.sessions.max_parallel >= 2


@pytest.mark.parametrize(
    ("text", "line", "key", "words"),
    [
        ("\n[checks.x]\ncommand = 'a && b'\n", 3, "checks.x.command", "no shell"),
        ("[checks.x]\ncommand = 'FOO=1 b'\n", 2, "checks.x.command", "env"),
        ("[checks.x]\ncommand = 'open \"quote'\n", 2, "checks.x.command", "split"),
        ("[checks.x]\ncommand = ''\n", 2, "checks.x.command", "empty"),
        ("[checks.x]\ncommand = 'a'\ntimeout = 3\n", 3, "checks.x.timeout", "not an option"),
        ("[[checks]]\nname='a'\ncommand='a'\n\n[[checks]]\nname='b'\n", 5, "checks[1].command", "missing"),
        ("[checks.x]\ncommand='a'\nparser='regex'\n", 1, "checks.x", "needs a pattern"),
        ("[checks.x]\ncommand='a'\nparser='regex'\npattern='(?P<mesage>x)'\n", 1, "checks.x", "unknown groups"),
        ("[checks.x]\ncommand='a'\ninputs=['../secret']\n", 3, "checks.x.inputs", "inside"),
        ("[checks.x]\ncommand='a'\ncwd='/etc'\n", 3, "checks.x.cwd", "relative"),
        ("[sessions]\nmax_parallel = 0\n", 2, "sessions.max_parallel", "greater"),
        ("[sessions.app]\ncommand='a'\nready={port=1,url='x'}\n", 3, "sessions.app.ready", "exactly one"),
        ("# c\ndefault_agent='zz'\n", 2, "default_agent", "not an agent"),
        ("\n[forge]\ndrafting='zz'\n", 2, "forge", "'zz' is not an agent; there are claude"),
        ("[forge]\ndrafting='mechanic'\n", 1, "forge", "cannot draft a rule: it has no model"),
        ("[agents.t]\ndriver='terminal'\n[forge]\ndrafting='t'\n", 3, "forge", "answers on a screen only"),
        ("[forge]\ndrafting='codex'\ndrafts=9\n", 3, "forge.drafts", "less than"),
        ("[agents.q]\ndriver='zz'\n", 2, "agents.q.driver", "native"),
        ("a = 1\nb = [1,\n", 3, "", ""),
        ("[[checks]]\nname='a'\ncommand='a'\n[[checks]]\nname='a'\ncommand='a'\n", 1, "checks", "twice"),
        ("whatever = 3\n", 1, "whatever", "not an option"),
    ],
)
def test_each_mistake_is_told_with_its_line(text: str, line: int, key: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    problem = caught.value.problems[0]
    assert (problem.line, problem.key) == (line, key)
    assert words in problem.message
    assert str(problem).startswith(f"cockpit.toml:{line}: ")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("[sessions]\nmax_parallel = 0\nstall_minutes = 'x'\n[ui]\nbell = 3\n")
    assert [problem.line for problem in caught.value.problems] == [2, 3, 5]


def test_a_value_over_many_lines_is_told_where_it_begins() -> None:
    text = "[a]\nx = 1\nlong = [\n  1,\n\n  2,\n]\ny.z = 2\n"
    assert line_of(text, ("a", "long", 1)) == 3
    assert line_of(text, ("a", "y", "z")) == 8
    assert line_of(text, ("a", "missing")) == 1
    assert line_of(text, ("missing",)) is None


def test_the_persons_file_lies_under_the_repositorys(tmp_path: Path) -> None:
    mine = tmp_path / "config.toml"
    mine.write_text(
        'default_agent = "mine"\n[agents.mine]\nmodel = "m"\nkey = "k"\n[ui]\ntheme = "light"\nbell = false\n'
        '[policy]\ncommands = ["ls"]\n'
    )
    (tmp_path / "cockpit.toml").write_text(
        '[agents.mine]\nmodel = "r"\n[ui]\nbell = true\n[policy]\ncommands = ["id"]\n'
    )
    config = load(tmp_path, mine)
    assert config.default_agent == "mine"
    assert config.agents["mine"].settings == {"model": "r", "key": "k"}
    assert (config.ui.theme, config.ui.bell) == ("light", True)
    assert config.policy.commands == ("ls", "id")


def test_a_person_may_have_an_agent_of_their_own_draft_rules(tmp_path: Path) -> None:
    mine = tmp_path / "config.toml"
    mine.write_text('[forge]\ndrafting = "theirs"\ndrafts = 1\n')
    (tmp_path / "cockpit.toml").write_text('[agents.theirs]\nmodel = "m"\n[forge]\ndrafts = 3\n')
    assert load(tmp_path, mine).forge == ForgeConfig(drafting="theirs", drafts=3)
    mine.write_text('[forge]\ndrafting = "nobody"\n')
    with pytest.raises(ConfigError, match="'nobody' is not an agent"):
        load(tmp_path, mine)


def test_the_persons_file_speaks_of_nothing_else(tmp_path: Path) -> None:
    mine = tmp_path / "config.toml"
    mine.write_text("[ui]\nbell = 3\n[merge]\nwindow = 3\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, mine)
    assert {(problem.file, problem.line, problem.key) for problem in caught.value.problems} == {
        (mine, 2, "ui.bell"),
        (mine, 3, "merge"),
    }


def test_a_broken_file_keeps_the_last_good_one(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_text("[ui]\ntheme = 'light'\n")
    good = load(tmp_path)
    file.write_text("[ui\n")
    kept, error = reload(good, tmp_path)
    assert kept is good
    assert error is not None
    assert error.problems[0].line == 1
    file.write_text("[ui]\ntheme = 'dark'\n")
    fresh, error = reload(good, tmp_path)
    assert (fresh.ui.theme, error) == ("dark", None)


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "cockpit.toml"
    file.write_bytes(b"# ok\n\xff\xfe\n")
    with pytest.raises(ConfigError, match=r"cockpit.toml:2: is not UTF-8"):
        load(tmp_path)
    file.unlink()
    file.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_the_reference_tells_of_every_option() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "cockpit.config"], capture_output=True, text=True, check=True
    ).stdout
    for heading in ("[[checks]]", "[sessions]", "[sessions.app.ready]", "[budget]", "[agents.NAME]", "[merge]", "[ui]"):
        assert f"### `{heading}`" in printed
    rows = [line for line in printed.splitlines() if line.startswith("| `")]
    assert len(rows) > 35
    assert all(line.count(" | ") == 3 and not line.endswith("|  |") for line in rows)
    assert "| `copy` | list of text |" in printed


def test_what_is_written_of_a_built_in_agent_keeps_the_rest_of_it(tmp_path: Path) -> None:
    mine = tmp_path / "config.toml"
    mine.write_text(
        '[agents.claude]\nmode = "plan"\nenv = { A = "mine", B = "mine" }\n[prices.m]\ninput = 1\noutput = 2\n'
    )
    (tmp_path / "cockpit.toml").write_text('[agents.claude]\nmodel = "large"\nenv = { A = "theirs" }\n')
    config = load(tmp_path, mine)
    claude = config.agents["claude"]
    assert (claude.driver, claude.command) == ("acp", BUILT_IN_AGENTS["claude"].command)
    assert (claude.model, claude.mode, claude.env) == ("large", "plan", {"A": "theirs", "B": "mine"})
    assert config.prices["m"].output == 2
    assert config.agents["gemini"] == BUILT_IN_AGENTS["gemini"]


def test_another_driver_or_command_under_a_built_in_name_is_what_is_written() -> None:
    agents = parse(
        '[agents.gemini]\ndriver = "terminal"\ncommand = ["gemini"]\n[agents.qwen]\ncommand = ["q", "-x"]\n'
    ).agents
    assert (agents["gemini"].driver, agents["gemini"].command) == ("terminal", ("gemini",))
    assert (agents["qwen"].driver, agents["qwen"].command) == ("acp", ("q", "-x"))
    assert parse('[agents.codex]\ndriver = "terminal"\n').agents["codex"].command == ()
