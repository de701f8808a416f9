"""Commands that leave the sandbox: no line answers them that was written for commands that stay in it."""

from __future__ import annotations

import pytest

from cockpit.approvals.config import PolicyConfig
from cockpit.approvals.service.likeness import likeness
from cockpit.approvals.service.lines import Line, Policy, rule
from cockpit.approvals.service.offers import Past, offered_lines, offers
from cockpit.approvals.service.reading import Reading
from cockpit.approvals.types import Answerer, Section
from cockpit.sessions.types import RequestKind
from cockpit.supervisor.approvals import policy_of
from tests.approvals.asking import ROOT, asked, edit, host, is_covered, place, shell


def leaving(text: str) -> Reading:
    return asked(RequestKind.COMMAND, shell=text, cwd=ROOT, title=text, escalates=True)


def _policy(**lines: tuple[str, ...]) -> Policy:
    return policy_of(PolicyConfig.model_validate(lines))


@pytest.mark.parametrize("line", ["npm test *", "npm test", "npm *"])
def test_bypass_a_line_for_confined_commands_does_not_run_what_the_agent_wrote_outside_the_sandbox(line: str) -> None:
    policy = _policy(commands=(line,))
    confined = rule(policy, shell("npm test"))
    assert confined is not None and confined.is_allowed
    assert rule(policy, leaving("npm test")) is None
    assert rule(policy, leaving("npm test 2>&1 | tail -5")) is None


def test_a_line_for_what_leaves_the_sandbox_has_the_same_grammar_and_covers_nothing_else() -> None:
    policy = _policy(unconfined=("npm test *", "ls; pwd"))
    for text in ("npm test", "npm test -- x | tail -5", "ls;  pwd"):
        ruling = rule(policy, leaving(text))
        assert ruling is not None and ruling.is_allowed and ruling.line.section is Section.UNCONFINED
        assert rule(policy, shell(text)) is None, "who confines is asked again"
    for text in ("npm run x", "npm test && npm run x", "npm test -- $(x)", "npm test -- /etc/passwd", "git push"):
        assert rule(policy, leaving(text)) is None


@pytest.mark.parametrize("text", ["git push", "rm -rf src", "sudo ls", "curl https://x.example", "python -c x"])
def test_no_line_covers_a_dangerous_shape_there_either(text: str) -> None:
    assert not is_covered(text, leaving(text), Section.UNCONFINED)
    assert offered_lines(leaving(text))[0] == []


def test_what_is_denied_is_denied_in_the_sandbox_and_outside() -> None:
    policy = policy_of(PolicyConfig.model_validate({"unconfined": ["npm *"], "deny": {"commands": ["npm test"]}}))
    for reading in (shell("npm test"), leaving("npm test"), leaving("cd src && npm test -x")):
        ruling = rule(policy, reading)
        assert ruling is not None and not ruling.is_allowed
    with pytest.raises(ValueError, match="unconfined"):
        PolicyConfig.model_validate({"deny": {"unconfined": ["npm test"]}})


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("npm test", ["npm test"]),
        ("uv run pytest -q", ["uv run pytest -q"]),
        ("git commit -m x", ["git commit -m x"]),
        ("./ps -ef", ["./ps -ef"]),
        ("ps -ef | head -5", ["ps -ef | head -5", "ps *"]),
        ("/usr/bin/lsof -i", ["/usr/bin/lsof -i", "/usr/bin/lsof *"]),
        ("df -h && npm test", ["df -h && npm test"]),
    ],
)
def test_only_the_very_command_is_offered_but_for_programs_that_run_nothing_of_the_workspace(
    text: str, lines: list[str]
) -> None:
    assert offered_lines(leaving(text))[0] == lines


def test_an_offer_is_counted_against_what_left_the_sandbox_only() -> None:
    past = [Past(text, read) for text in ("npm test", "npm test", "ls") for read in (shell(text), leaving(text))]
    found = offers(leaving("npm test"), past)
    (choice,) = found.choices
    assert (choice.section, choice.line, choice.matched, choice.of) == (Section.UNCONFINED, "npm test", 2, 3)
    assert "leaves the sandbox" in found.refusal


def test_neither_one_card_nor_one_session_answer_is_for_both() -> None:
    assert shell("npm test").key != leaving("npm test").key
    assert likeness(shell("npm test"), place()) != likeness(leaving("npm test"), place())


def test_other_requests_have_the_same_lines_whether_they_go_beyond_the_sandbox_or_not() -> None:
    policy = Policy((Line(Section.HOSTS, "docs.example", Answerer.USER), Line(Section.EDITS, "src/**", Answerer.USER)))
    assert rule(policy, host("docs.example", escalates=True)) is not None
    assert rule(policy, asked(RequestKind.EDIT, paths=(f"{ROOT}/src/a",), escalates=True)) is not None
    assert rule(policy, edit(f"{ROOT}/src/a")) is not None
