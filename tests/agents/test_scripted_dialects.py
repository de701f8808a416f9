"""One script for every agent: the same calls in the words of the tools that each offers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agents.scripted.dialects import render
from agents.scripted.request import Offered, Request
from agents.scripted.script import Call

PATCH_ADD = "*** Begin Patch\n*** Add File: a.txt\n+one\n+two\n*** End Patch"
PATCH_EDIT = "*** Begin Patch\n*** Update File: a.txt\n@@\n-two\n+three\n*** End Patch"
EDIT = Call(tool="edit", arguments={"path": "a.txt", "old": "two\n", "new": "three\n"})
WRITE = Call(tool="write", arguments={"path": "a.txt", "text": "one\ntwo\n"})
READ = Call(tool="read", arguments={"path": "a.txt"})
RUN = Call(tool="run", arguments={"command": "ls"})
PLAN = Call(tool="plan", arguments={"steps": [{"text": "look", "status": "running"}]})
CHECKS = Call(mcp="run_checks", arguments={"only": "tests"})
AT_WORK = "Working directory: /job/tree\nPlatform: linux"


def _said(offered: str, *calls: Call, context: str = AT_WORK) -> list[tuple[str, Any]]:
    request = Request((), tuple(Offered(name) for name in offered.split()), context)
    uses = render(calls, request)[1]
    return [(u.tool.name, u.arguments if u.tool.takes_text else json.loads(u.arguments)) for u in uses]


NATIVE = "run read edit plan ask done run_checks"
CODEX = "exec_command apply_patch update_plan"
CLAUDE = "Bash Read Edit Write TodoWrite mcp__cockpit__run_checks"
GEMINI = "run_shell_command read_file write_file replace write_todos mcp_cockpit_run_checks"
OPENCODE = "bash read edit write todowrite cockpit_run_checks"
QWEN = "run_shell_command read_file write_file edit mcp__cockpit__run_checks"


def test_reading_and_running() -> None:
    assert _said(NATIVE, RUN, READ) == [("run", {"command": "ls"}), ("read", {"path": "a.txt"})]
    ran, shown = _said(CODEX, RUN, READ)
    assert (ran[0], ran[1]["cmd"], shown[1]["cmd"]) == ("exec_command", "ls", "cat a.txt")
    ran, shown = _said(CLAUDE, RUN, READ)
    assert (ran[0], ran[1]["command"]) == ("Bash", "ls") and shown == ("Read", {"file_path": "/job/tree/a.txt"})
    ran, shown = _said(GEMINI, RUN, READ)
    assert (ran[0], ran[1]["command"]) == ("run_shell_command", "ls")
    assert shown == ("read_file", {"file_path": "/job/tree/a.txt"})
    ran, shown = _said(OPENCODE, RUN, READ)
    assert (ran[0], ran[1]["command"]) == ("bash", "ls") and shown == ("read", {"filePath": "/job/tree/a.txt"})


def test_what_a_sandbox_does_not_give_is_asked_for() -> None:
    more = Call(tool="run", arguments={"command": "ls", "needs_network": True, "reason": "May I?"})
    asked = _said(CODEX, more)[0][1]
    assert (asked["sandbox_permissions"], asked["justification"]) == ("require_escalated", "May I?")
    assert "sandbox_permissions" not in _said(CODEX, RUN)[0][1]
    assert _said(NATIVE, more) == [("run", more.arguments)]


def test_writing_and_editing() -> None:
    assert _said(NATIVE, WRITE, EDIT) == [("edit", {"patch": PATCH_ADD}), ("edit", {"patch": PATCH_EDIT})]
    assert _said(CODEX, WRITE, EDIT) == [("apply_patch", PATCH_ADD), ("apply_patch", PATCH_EDIT)]
    wrote, edited = _said(CLAUDE, WRITE, EDIT)
    assert wrote == ("Write", {"file_path": "/job/tree/a.txt", "content": "one\ntwo\n"})
    assert (edited[0], edited[1]["old_string"], edited[1]["new_string"]) == ("Edit", "two\n", "three\n")
    assert [name for name, _ in _said(GEMINI, WRITE, EDIT)] == ["write_file", "replace"]
    assert [name for name, _ in _said(QWEN, WRITE, EDIT)] == ["write_file", "edit"]
    wrote, edited = _said(OPENCODE, WRITE, EDIT)
    assert wrote[1]["filePath"] == edited[1]["filePath"] == "/job/tree/a.txt" and edited[1]["oldString"] == "two\n"


def test_plans() -> None:
    assert _said(NATIVE, PLAN) == [("plan", PLAN.arguments)]
    assert _said(CODEX, PLAN) == [("update_plan", {"plan": [{"step": "look", "status": "in_progress"}]})]
    todo = {"content": "look", "status": "in_progress"}
    assert _said(CLAUDE, PLAN) == [("TodoWrite", {"todos": [{**todo, "activeForm": "look"}]})]
    assert _said(GEMINI, PLAN) == [("write_todos", {"todos": [{"description": "look", "status": "in_progress"}]})]
    assert _said(OPENCODE, PLAN) == [("todowrite", {"todos": [{**todo, "priority": "medium"}]})]


@pytest.mark.parametrize("offered", [NATIVE, CLAUDE, GEMINI, OPENCODE, QWEN])
def test_tools_of_an_mcp_server_by_whatever_name_they_are_offered(offered: str) -> None:
    assert _said(offered, CHECKS) == [(offered.split()[-1], {"only": "tests"})]


def test_tools_of_an_mcp_server_that_are_only_named() -> None:
    context = "These tools can be loaded:\nmcp__cockpit__run_checks\nmcp__cockpit__note"
    assert _said("Bash ToolSearch", CHECKS, context=context)[0][0] == "mcp__cockpit__run_checks"
    called = render((CHECKS,), Request((), (Offered("exec_command"),)))[1][0].tool
    assert (called.name, called.namespace) == ("run_checks", "mcp__cockpit")


def test_what_only_the_native_agent_has() -> None:
    calls = (Call(tool="ask", arguments={"question": "why?"}), Call(tool="done", arguments={"summary": "All is well."}))
    request = Request((), (Offered("bash"), Offered("cockpit_ask_human")))
    speech, uses = render(calls, request)
    assert speech == "All is well." and [use.tool.name for use in uses] == ["cockpit_ask_human"]
    assert [name for name, _ in _said(NATIVE, *calls)] == ["ask", "done"]


def test_any_other_name_and_anything_raw_goes_out_as_it_is() -> None:
    assert _said(CLAUDE, Call(tool="Grep", arguments={"pattern": "x"})) == [("Grep", {"pattern": "x"})]
    broken = render((Call(tool="run", raw="{no json"),), Request((), (Offered("run"),)))[1][0]
    assert (broken.tool.name, broken.arguments) == ("run", "{no json")


def test_paths_stay_relative_where_the_folder_is_unknown() -> None:
    assert _said(CLAUDE, READ, context="")[0][1] == {"file_path": "a.txt"}


def test_where_tools_are_called_from_code_a_program_is_written() -> None:
    tools = (Offered("exec", takes_text=True), Offered("run_checks", "mcp__cockpit"))
    programs = render((RUN, EDIT, CHECKS), Request((), tools))[1]
    assert {use.tool.name for use in programs} == {"exec"} and all(use.tool.takes_text for use in programs)
    assert 'tools.exec_command({"cmd": "ls"' in programs[0].arguments
    assert f"tools.apply_patch({json.dumps(PATCH_EDIT)})" in programs[1].arguments
    assert 'tools.mcp__cockpit__run_checks({"only": "tests"})' in programs[2].arguments
