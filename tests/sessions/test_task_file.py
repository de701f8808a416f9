"""Files with many tasks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.sessions.repo import TaskFileError, parse_tasks, read_tasks

YAML = """
agent: fast
tasks:
  - Fix the login
  - prompt: Tidy up
    title: tidy
    agent: slow
    budget: {rounds: 2}
"""
TOML = """
agent = "fast"
[[tasks]]
prompt = "Fix the login"
[[tasks]]
prompt = "Tidy up"
title = "tidy"
agent = "slow"
budget = {rounds = 2}
"""
MARKDOWN = """---
agent: fast
---
# Ignored

## Fix the login

## tidy ##
Tidy up
"""


@pytest.mark.parametrize(("text", "suffix"), [(YAML, ".yaml"), (TOML, ".toml")])
def test_lists_with_defaults(text: str, suffix: str) -> None:
    first, second = parse_tasks(text, suffix)
    assert (first.prompt, first.agent) == ("Fix the login", "fast")
    assert (second.title, second.agent) == ("tidy", "slow")
    assert second.budget is not None
    assert second.budget.rounds == 2


def test_markdown_has_a_task_for_each_heading() -> None:
    first, second = parse_tasks(MARKDOWN, ".md")
    assert (first.title, first.prompt, first.agent) == ("Fix the login", "Fix the login", "fast")
    assert (second.title, second.prompt) == ("tidy", "Tidy up")
    assert [task.prompt for task in parse_tasks("only words\n", ".md")] == ["only words"]


def test_a_file_is_read_by_its_ending(tmp_path: Path) -> None:
    file = tmp_path / "tasks.YAML"
    file.write_text(YAML)
    assert len(read_tasks(file)) == 2
    (tmp_path / "plain").write_text("do this\nand that")
    assert [task.prompt for task in read_tasks(tmp_path / "plain")] == ["do this\nand that"]


@pytest.mark.parametrize(
    ("text", "suffix", "said"),
    [
        ("tasks: [", ".yaml", "tasks.yaml"),
        ("tasks = 1", ".toml", "list called `tasks`"),
        ("[tasks", ".toml", "tasks.toml"),
        ("tasks: []", ".yaml", "holds no task"),
        ("tasks: [{prompt: x, promt: y}]", ".yaml", "task 1: unknown field 'promt'"),
        ("tasks: [{prompt: ''}]", ".yaml", "task 1: prompt"),
        ("tasks: [{prompt: x, budget: {rounds: 0}}]", ".yaml", "budget.rounds"),
        ("---\n- a\n---\n## b\n", ".md", "no table of defaults"),
        ("  \n", "", "holds no task"),
    ],
)
def test_what_makes_no_sense_says_where_and_why(text: str, suffix: str, said: str) -> None:
    with pytest.raises(TaskFileError) as error:
        parse_tasks(text, suffix, f"tasks{suffix}")
    assert said in str(error.value)


def test_unreadable_files_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(TaskFileError, match="cannot be read"):
        read_tasks(tmp_path / "none.yaml")
    (tmp_path / "latin.md").write_bytes(b"\xff\xfe")
    with pytest.raises(TaskFileError, match="not UTF-8"):
        read_tasks(tmp_path / "latin.md")


@given(st.text(max_size=200), st.sampled_from([".yaml", ".toml", ".md", ""]))
def test_any_text_is_tasks_or_a_clear_error(text: str, suffix: str) -> None:
    try:
        assert parse_tasks(text, suffix)
    except TaskFileError as error:
        assert str(error)


def test_one_file_holds_tasks_for_several_agents_and_forks() -> None:
    text = """
agent: codex
tasks:
  - Fix the login.
  - {prompt: Sort the imports., agent: mechanic}
  - {prompt: Try it another way., agent: gemini, fork: fix-the-login-1}
"""
    tasks = parse_tasks(text, ".yaml")
    assert [(task.agent, task.fork) for task in tasks] == [
        ("codex", ""),
        ("mechanic", ""),
        ("gemini", "fix-the-login-1"),
    ]
