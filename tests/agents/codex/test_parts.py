"""The small parts: command lines, tokens, allowances, folders, the program."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from agents.assignment import Assignment
from agents.base import McpAccess
from agents.codex.confinement import git_folders, thread_settings
from agents.codex.driver import CodexDriver
from agents.codex.process import CodexError, child_env, program, secrets, temporary_folder
from agents.codex.settings import CodexSettings
from agents.codex.shell import unwrap
from agents.codex.usage import Allowances, TokenCount
from cockpit.sessions.types import Task
from cockpit.types import SessionId


def _assignment(folder: Path) -> Assignment:
    return Assignment(
        session=SessionId("s1"),
        task=Task(prompt="a task"),
        workspace=folder / "workspaces/s1",
        scratch=folder / "scratch",
        memory=folder / "state/s1/memory",
        home=folder / "state/homes/codex",
        env={"PORT": "4000"},
        mcp=McpAccess("http://127.0.0.1:1/mcp", "a-token"),
    )


@pytest.mark.parametrize(
    ("command", "shell", "argv"),
    [
        ("/bin/bash -lc 'rm -rf build && make'", "rm -rf build && make", ()),
        (["zsh", "-c", "echo $HOME"], "echo $HOME", ()),
        ("git push --force", "", ("git", "push", "--force")),
        ("bash -lc 'a' 'b'", "", ("bash", "-lc", "a", "b")),
        ("echo 'torn", "echo 'torn", ()),
    ],
)
def test_a_command_line_is_what_the_shell_reads(command: str | list[str], shell: str, argv: tuple[str, ...]) -> None:
    line = unwrap(command)
    assert (line.shell, line.argv) == (shell, argv)


def _tokens(given: int, spoken: int, last: int) -> dict[str, object]:
    return {
        "total": {"inputTokens": given, "cachedInputTokens": 0, "outputTokens": spoken, "totalTokens": given + spoken},
        "last": {"inputTokens": last, "outputTokens": 1, "totalTokens": last + 1},
        "modelContextWindow": 1000,
    }


def test_the_same_sum_is_counted_once_and_earlier_ones_not_at_all() -> None:
    count = TokenCount()
    assert count.take(_tokens(500, 50, 90), is_own=True, is_working=False) is None  # of before the resuming
    first = count.take(_tokens(600, 60, 100), is_own=True, is_working=True)
    assert first is not None
    assert (first.input_tokens, first.output_tokens, first.context_used) == (100, 10, 101)
    assert count.take(_tokens(600, 60, 100), is_own=True, is_working=True) is None
    unknown = TokenCount().take(_tokens(500, 50, 90), is_own=False, is_working=True)
    assert unknown is not None
    assert (unknown.input_tokens, unknown.context_used) == (90, None)


def test_allowances_are_put_together_from_pieces() -> None:
    known = Allowances()
    both = known.take(
        {
            "limitId": "codex",
            "primary": {"usedPercent": 10, "windowDurationMins": 300, "resetsAt": 1000},
            "secondary": {"usedPercent": 5, "windowDurationMins": 10080, "resetsAt": None},
        }
    )
    assert both is not None
    assert [(limit.name, limit.used_percent) for limit in both.limits] == [("5 hours", 10), ("1 week", 5)]
    assert known.take({"limitId": "codex", "primary": None}) is None
    more = known.take({"limitId": "codex", "primary": {"usedPercent": 11, "windowDurationMins": 300, "resetsAt": 1000}})
    assert more is not None
    assert [limit.used_percent for limit in more.limits] == [11, 5]


def test_only_what_a_commit_writes_is_writable(tmp_path: Path) -> None:
    repo, tree = tmp_path / "repo", tmp_path / "tree"
    git = ("git", "-c", "user.email=a@b.c", "-c", "user.name=a")
    subprocess.run([*git, "init", "-q", str(repo)], check=True)
    subprocess.run([*git, "commit", "-qm", "x", "--allow-empty"], cwd=repo, check=True)
    subprocess.run([*git, "worktree", "add", "-q", "-b", "cockpit/s1", str(tree)], cwd=repo, check=True)
    common, folders = repo / ".git", git_folders(tree)
    own = common / "worktrees/tree"
    assert folders.written == (
        own,
        common / "objects",
        common / "refs/heads/cockpit",
        common / "logs/refs/heads/cockpit",
    )
    assert folders.kept == (own / "commondir", own / "gitdir", own / "config.worktree")
    assert (own / "config.worktree").read_text() == ""
    assert git_folders(repo).written == ()


def test_what_is_hidden_is_named_once_and_not_what_codex_needs(tmp_path: Path) -> None:
    one = _assignment(tmp_path)
    for made in (
        one.workspace,
        one.memory,
        one.home / "sessions",
        tmp_path / "state/spool",
        tmp_path / "workspaces/s2",
    ):
        made.mkdir(parents=True)
    hiding = one.model_copy(update={"hidden": (tmp_path / "state", tmp_path / "workspaces")})
    wanted = thread_settings(hiding, CodexSettings(network=True), git_folders(one.workspace), "run-1")
    profile = wanted["config"]["permissions"][wanted["permissions"]]
    denied = {path for path, access in profile["filesystem"].items() if access == "deny"}
    hidden = ("state/s1", "state/spool", "state/homes/codex/sessions", "workspaces/s2")
    assert denied == {str(tmp_path / path) for path in hidden}
    assert profile["filesystem"][str(one.workspace)] == "write"
    assert profile["network"] == {"enabled": True}
    policy = wanted["config"]["shell_environment_policy"]["set"]
    assert (policy["PORT"], policy["TMPDIR"], policy["COCKPIT_PROCESS"]) == ("4000", str(one.scratch), "run-1")
    plain = thread_settings(one, CodexSettings(sandbox="read-only"), git_folders(one.workspace), "run-1")
    assert plain["sandbox"] == "read-only"
    assert "permissions" not in plain


def test_codex_sees_its_own_secrets_and_no_others(tmp_path: Path) -> None:
    settings = CodexSettings(env={"PROXY_TOKEN": "$OURS"}, api_key_env="LOCAL_KEY")
    environ = {"PATH": "/bin", "LOCAL_KEY": "local-key", "OURS": "our-token", "AWS_SECRET_ACCESS_KEY": "not-this"}
    one = _assignment(tmp_path)
    env = child_env(one, settings, environ)
    assert (env["LOCAL_KEY"], env["PROXY_TOKEN"]) == ("local-key", "our-token")
    assert env["CODEX_HOME"] == str(one.home)
    assert "AWS_SECRET_ACCESS_KEY" not in env
    assert secrets(one, settings, environ) == {"local-key", "our-token", "a-token"}
    assert set(CodexDriver().variables(settings.model_dump())) >= {"LOCAL_KEY", "OURS", "OPENAI_API_KEY"}


def test_the_temporary_folder_is_never_above_the_home(tmp_path: Path) -> None:
    one = _assignment(tmp_path)
    assert not one.home.is_relative_to(temporary_folder(one))
    below = one.model_copy(update={"home": one.memory / "tmp/home"})
    with pytest.raises(CodexError, match="cannot keep its home"):
        temporary_folder(below)


def test_npms_launcher_is_passed_by(tmp_path: Path) -> None:
    launcher = tmp_path / "node_modules/@openai/codex/bin/codex.js"
    native = tmp_path / "node_modules/@openai/codex-linux-x64/vendor/a-target/bin/codex"
    for made in (launcher, native):
        made.parent.mkdir(parents=True)
        made.write_text("#!/bin/sh\n")
        made.chmod(0o755)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/codex").symlink_to(launcher)
    env = {"PATH": str(tmp_path / "bin")}
    assert program(CodexSettings(command=("codex", "--strict-config")), env) == (str(native), "--strict-config")
    native.unlink()
    assert program(CodexSettings(), env) == ("codex",)
    assert program(CodexSettings(command="another"), env) == ("another",)
