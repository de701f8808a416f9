"""Whether an agent can work here is found out from outside: programs of a few lines stand in for real ones."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from agents import probe as module
from agents.base import Probe
from agents.probe import examine, find, greeting, missing
from agents.registry import driver
from cockpit.config.model import BUILT_IN_AGENTS

HELLO = greeting({"protocolVersion": 1})
ANSWER = '{"jsonrpc": "2.0", "id": 1, "result": {"agentInfo": {"version": "1.2.3"}}}'
GREETS = f"read line; echo 'banner of another day'; echo '{ANSWER}'; cat >/dev/null"


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def program(folder: Path, body: str, name: str = "agent") -> str:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return str(file)


def environ(folder: Path, **more: str) -> dict[str, str]:
    return {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(folder), **more}


async def test_one_that_answers_is_well_and_says_its_version(bin_folder: Path) -> None:
    where = program(bin_folder, GREETS)
    health = await examine(Probe(("agent",), HELLO), environ=environ(bin_folder))
    assert (health.program, health.version, health.problem) == (where, "1.2.3", "")


async def test_one_that_is_not_here_is_told_with_the_way_to_get_it(bin_folder: Path) -> None:
    probe = Probe(("agent",), HELLO, install="npm install -g agent")
    health = await examine(probe, environ=environ(bin_folder))
    assert (health.problem, health.advice) == ("not installed", "npm install -g agent.")
    assert "npm install -g agent" in missing(replace(probe, argv=("no-such-program-of-ours",)))
    assert missing(replace(probe, argv=(sys.executable,))) == ""


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'no such option --acp' >&2; exit 3", "ends when it is started (status 3): no such option --acp"),
        (
            'read line; echo \'{"id": 1, "error": {"message": "log in first"}}\'; cat >/dev/null',
            "refuses to begin: log in first",
        ),
    ],
)
async def test_one_that_does_not_begin_says_why(bin_folder: Path, body: str, words: str) -> None:
    program(bin_folder, f'[ "$1" = --version ] && echo 0.9 && exit\n{body}')
    health = await examine(Probe(("agent", "--acp"), HELLO), environ=environ(bin_folder))
    assert (health.problem, health.version) == (words, "0.9")


async def test_one_that_says_nothing_is_given_up_and_leaves_nothing_behind(
    bin_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ANSWER_WITHIN_S", 0.3)
    monkeypatch.setattr(module, "_STOP_GRACE_S", 0.1)
    pid = bin_folder / "pid"
    program(bin_folder, f'[ "$1" = --version ] && exit\nsetsid sleep 300 & echo $! >{pid}; trap "" TERM; wait; wait')
    health = await examine(Probe(("agent",), HELLO), environ=environ(bin_folder))
    assert health.problem == "does not answer within 0 s"
    left = int(pid.read_text())
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(("oldest", "problem"), [((1, 2, 3), ""), ((1, 10, 0), "too old: 1.10.0 or newer is needed")])
async def test_one_that_is_too_old_is_told(bin_folder: Path, oldest: tuple[int, ...], problem: str) -> None:
    program(bin_folder, GREETS)
    probe = Probe(("agent",), HELLO, install="npm install -g agent", oldest=oldest)
    health = await examine(probe, environ=environ(bin_folder))
    assert health.problem == problem
    assert health.advice == ("npm install -g agent." if problem else "")


@pytest.mark.parametrize(("node", "is_well"), [("v22.4.1", True), ("v20.19.0", False)])
async def test_the_node_that_it_needs_is_looked_at_before_it_is_started(
    bin_folder: Path, node: str, is_well: bool
) -> None:
    program(bin_folder, GREETS)
    program(bin_folder, f"echo {node}", "node")
    health = await examine(Probe(("agent",), HELLO, node_major=22), environ=environ(bin_folder))
    assert (health.problem == "") is is_well
    assert is_well or health.problem == "needs Node.js 22, and `node` is 20.19.0"


async def test_a_log_in_is_a_key_or_a_file_and_its_value_is_not_looked_at(bin_folder: Path) -> None:
    program(bin_folder, GREETS)
    probe = Probe(("agent",), log_in="`agent login`", keys=("AGENT_KEY",), log_ins=(".agent/auth.json",))
    unknown = await examine(probe, ("AGENT_KEY",), environ(bin_folder))
    assert unknown.is_logged_in is (False if sys.platform == "linux" else None)
    assert (await examine(probe, ("AGENT_KEY",), environ(bin_folder, AGENT_KEY="k"))).is_logged_in
    (bin_folder / ".agent").mkdir()
    (bin_folder / ".agent" / "auth.json").touch()
    assert (await examine(probe, (), environ(bin_folder))).is_logged_in
    assert (await examine(replace(probe, log_in=""), (), environ(bin_folder))).is_logged_in is None


async def test_it_is_led_to_a_configuration_of_its_own_that_is_gone_afterwards(bin_folder: Path) -> None:
    program(bin_folder, f'mkdir -p "$CONFIG_HOME"; echo "$CONFIG_HOME" >{bin_folder}/seen; {GREETS}')
    await examine(Probe(("agent",), HELLO, home={"CONFIG_HOME": "below"}), environ=environ(bin_folder))
    seen = Path((bin_folder / "seen").read_text().strip())
    assert seen.name == "below"
    assert not seen.exists()


async def test_no_secret_but_its_own_reaches_it(bin_folder: Path) -> None:
    program(bin_folder, f"env >{bin_folder}/env; {GREETS}")
    around = environ(bin_folder, AGENT_KEY="mine", OTHER_API_KEY="not-its")
    probe = Probe(("agent",), HELLO, env={"FROM": "$OTHER_API_KEY"})
    await examine(probe, ("AGENT_KEY",), around)
    seen = (bin_folder / "env").read_text().splitlines()
    assert "AGENT_KEY=mine" in seen
    assert "FROM=not-its" in seen
    assert "OTHER_API_KEY=not-its" not in seen
    unset = await examine(replace(probe, env={"FROM": "$NOWHERE"}), (), around)
    assert "$NOWHERE" in unset.problem


def test_a_program_is_looked_for_where_its_own_path_leads(bin_folder: Path) -> None:
    where = program(bin_folder, GREETS)
    assert find(Probe(("agent",)), {"PATH": "/usr/bin"}) == ""
    assert find(Probe(("agent",), env={"PATH": str(bin_folder)}), {"PATH": "/usr/bin"}) == where
    assert find(Probe((where,)), {"PATH": os.defpath}) == where


@pytest.mark.parametrize("name", sorted(BUILT_IN_AGENTS.keys() - {"native", "mechanic"}))
def test_every_built_in_agent_of_others_can_be_looked_for_and_got(name: str) -> None:
    agent = BUILT_IN_AGENTS[name]
    probe = driver(agent.driver).probe(agent.settings)
    assert probe is not None
    assert probe.hello.endswith(b"\n")
    assert probe.install.startswith("npm install -g ")
    assert probe.log_in


def test_ours_have_no_program_to_look_for() -> None:
    assert driver("native").probe({}) is None
    assert driver("mechanic").probe({}) is None
