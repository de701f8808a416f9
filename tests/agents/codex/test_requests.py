"""What codex asks reaches a person whole, and what the person says reaches codex; unknown questions are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cockpit.sessions.types import (
    AgentMessage,
    AgentNotice,
    AnswerDecision,
    FileChanged,
    RequestKind,
    RequestRaised,
    ToolEnded,
    TurnEnded,
)
from tests.agents.codex.harness import Bridge

ONCE, DENY = AnswerDecision.ONCE, AnswerDecision.DENY


# One bridge for all: each of them ends its turn.
pytestmark = pytest.mark.asyncio(loop_scope="module")


async def asked(bridge: Bridge, method: str, **params: Any) -> RequestRaised:
    await bridge.send(f"ask {method} {json.dumps(params, separators=(',', ':')).replace(' ', '_')}")
    return await bridge.until(RequestRaised)


async def answered(bridge: Bridge) -> Any:
    """Return what codex was answered, once the turn has ended."""
    message = await bridge.until(AgentMessage)
    await bridge.until(TurnEnded)
    return json.loads(message.text)


async def test_a_command_is_asked_for_as_the_shell_will_read_it(bridge: Bridge) -> None:
    request = await asked(
        bridge, "item/commandExecution/requestApproval", command="/bin/bash -lc 'rm -rf x'".replace(" ", "\t"), cwd="/w"
    )
    assert (request.kind, request.shell, request.argv) == (RequestKind.COMMAND, "rm\t-rf\tx", ())
    assert request.cwd == "/w" and request.escalates
    await bridge.answer(request.request, ONCE)
    assert await answered(bridge) == {"decision": "accept"}


async def test_a_reason_reaches_codex_before_the_refusal(bridge: Bridge) -> None:
    request = await asked(bridge, "item/commandExecution/requestApproval", command="reboot", cwd="/", reason="why-not")
    assert (request.argv, request.shell, request.reason) == (("reboot",), "", "why-not")
    await bridge.answer(request.request, DENY, "never on a shared machine")
    assert await answered(bridge) == {"decision": "decline"}
    said = json.dumps(bridge.sent("turn/steer")[-1]["input"])
    assert "never on a shared machine" in said
    out = [text for way, text in bridge.frames() if way == "out"]
    assert '"turn/steer"' in out[-2]
    assert '"decline"' in out[-1]


async def test_what_is_typed_into_a_running_command_is_no_command_of_its_own(bridge: Bridge) -> None:
    request = await asked(bridge, "item/commandExecution/requestApproval", kind="writeStdin", command="ls", cwd="/w")
    assert (request.kind, request.argv, request.shell) == (RequestKind.COMMAND, (), "")
    assert request.title == "type into a running command: ls" and request.escalates
    await bridge.answer(request.request, DENY)
    assert await answered(bridge) == {"decision": "decline"}


async def test_a_host_is_asked_for_by_its_name(bridge: Bridge) -> None:
    request = await asked(
        bridge,
        "item/commandExecution/requestApproval",
        command="curl",
        networkApprovalContext={"host": "docs.example", "protocol": "https"},
    )
    assert (request.kind, request.host, request.title) == (
        RequestKind.NETWORK,
        "docs.example",
        "connect to docs.example (https)",
    )
    await bridge.answer(request.request, ONCE)
    assert await answered(bridge) == {"decision": "accept"}


async def test_a_change_is_asked_for_with_its_diff(bridge: Bridge) -> None:
    for decision, is_changed in ((DENY, False), (ONCE, True)):
        await bridge.send("change")
        request = await bridge.until(RequestRaised)
        assert (request.kind, request.title) == (RequestKind.EDIT, "change a.py")
        assert request.paths == (str(bridge.workspace / "a.py"),)
        assert "-old\n+new" in request.detail
        await bridge.answer(request.request, decision)
        await bridge.until(TurnEnded)
        assert bridge.seen(ToolEnded)[-1].ok is is_changed
        assert [change.path for change in bridge.seen(FileChanged)] == (["a.py"] if is_changed else [])


async def test_permissions_are_granted_part_by_part(bridge: Bridge) -> None:
    files = {"write": ["/data"], "read": None}
    request = await asked(
        bridge,
        "item/permissions/requestApproval",
        cwd="/w",
        permissions={"fileSystem": files, "network": {"enabled": True}},
    )
    assert (request.kind, request.paths) == (RequestKind.EDIT, ("/data",))
    await bridge.answer(request.request, ONCE)
    network = await bridge.until(RequestRaised)
    assert network.kind is RequestKind.NETWORK
    await bridge.answer(network.request, DENY)
    assert await answered(bridge) == {"permissions": {"fileSystem": files}, "scope": "turn"}


async def test_questions_are_asked_one_after_the_other_and_secrets_never(bridge: Bridge) -> None:
    options = [{"label": "A", "description": "first"}, {"label": "B", "description": ""}]
    questions = [
        {"id": "q1", "header": "Pick", "question": "Which?", "options": options},
        {"id": "q2", "header": "Key", "question": "Your-key?", "isSecret": True, "options": None},
        {"id": "q3", "header": "Why", "question": "Why?", "options": None},
    ]
    first = await asked(bridge, "item/tool/requestUserInput", questions=questions)
    assert (first.kind, first.title, first.options) == (RequestKind.QUESTION, "Which?", ("A", "B"))
    await bridge.answer(first.request, ONCE, "B")
    last = await bridge.until(RequestRaised)
    assert last.title == "Why?"
    await bridge.answer(last.request, ONCE, "because")
    answers = (await answered(bridge))["answers"]
    assert answers == {"q1": {"answers": ["B"]}, "q2": {"answers": []}, "q3": {"answers": ["because"]}}
    assert any("asked for a secret" in notice.text for notice in bridge.seen(AgentNotice))


async def test_tools_of_others_are_asked_for_and_our_own_are_not(bridge: Bridge) -> None:
    meta = {"codex_approval_kind": "mcp_tool_call", "tool_name": "delete", "tool_params": {"id": 7}}
    request = await asked(
        bridge, "mcpServer/elicitation/request", serverName="db", mode="form", message="Allow?", _meta=meta
    )
    assert (request.kind, request.tool) == (RequestKind.TOOL, "db/delete")
    assert '"id": 7' in request.detail
    await bridge.answer(request.request, DENY)
    assert (await answered(bridge))["action"] == "decline"
    own = {"serverName": "cockpit", "mode": "form", "_meta": meta}
    await bridge.send(f"ask mcpServer/elicitation/request {json.dumps(own, separators=(',', ':'))}")
    assert (await answered(bridge))["action"] == "accept"


async def test_a_form_is_filled_in_field_by_field(bridge: Bridge) -> None:
    schema = {
        "type": "object",
        "properties": {"size": {"type": "integer"}, "color": {"type": "string", "enum": ["red", "blue"]}},
        "required": ["size"],
    }
    request = await asked(
        bridge, "mcpServer/elicitation/request", serverName="shop", mode="form", message="Order", requestedSchema=schema
    )
    await bridge.answer(request.request, ONCE, "42")
    color = await bridge.until(RequestRaised)
    assert color.options == ("red", "blue")
    await bridge.answer(color.request, ONCE, "blue")
    assert await answered(bridge) == {"action": "accept", "content": {"size": 42, "color": "blue"}, "_meta": None}


async def test_older_questions_are_understood(bridge: Bridge) -> None:
    request = await asked(bridge, "execCommandApproval", command=["bash", "-lc", "make"], cwd="/w", reason=None)
    assert request.shell == "make"
    await bridge.answer(request.request, ONCE)
    assert await answered(bridge) == {"decision": "approved"}
    changes = {"b.py": {"type": "add", "content": "new"}}
    request = await asked(bridge, "applyPatchApproval", fileChanges=changes)
    assert request.paths == (str(bridge.workspace / "b.py"),)
    await bridge.answer(request.request, DENY)
    assert "denied" in (await answered(bridge))["decision"]


async def test_what_nobody_knows_is_refused_and_told(bridge: Bridge) -> None:
    await bridge.send("ask attestation/generate")
    assert (await answered(bridge))["code"] == -32601
    await bridge.send("ask currentTime/read")
    assert (await answered(bridge))["currentTimeAt"] > 0
    assert any("attestation/generate" in notice.text for notice in bridge.seen(AgentNotice))
