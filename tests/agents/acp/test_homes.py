"""The agents' configurations: the person's own is never written, and their log-in goes on working."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents.acp.driver import AcpDriver
from agents.acp.homes import Place, log_in_files, prepare
from agents.acp.profiles import PROFILES, UNKNOWN, Profile, profile_of
from agents.acp.settings import AcpSettings
from agents.acp.start import StartError, start_of, why_not_started
from agents.assignment import Assignment
from agents.settings import read
from cockpit.providers.process_tree import RUN_MARKER
from cockpit.providers.sandbox import Sandbox
from cockpit.sessions.types import Task
from cockpit.types import SessionId

UNCONFINED = Sandbox(None, "not installed")


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the home of a person who is logged in everywhere, and has configurations of their own."""
    home = tmp_path / "person"
    for name, content in {
        ".claude/.credentials.json": "{}",
        ".claude/settings.json": '{"permissions": {"allow": ["Bash"]}}',
        ".gemini/oauth_creds.json": "{}",
        ".gemini/google_accounts.json": "{}",
        ".gemini/settings.json": '{"security": {"auth": {"selectedType": "oauth-personal"}}}',
        ".local/share/opencode/auth.json": "{}",
        ".config/opencode/opencode.json": '{"provider": {"mine": {}}}',
        ".codex/auth.json": "{}",
        ".codex/config.toml": 'model = "mine"\n',
        ".qwen/settings.json": "{}",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(content)
    monkeypatch.setenv("HOME", str(home))
    for profile in PROFILES:
        for variable in (*profile.variables, *profile.home):
            monkeypatch.delenv(variable, raising=False)
    return home


def _place(tmp_path: Path, environ: dict[str, str], **settings: object) -> Place:
    for name in ("workspace", "memory"):
        (tmp_path / name).mkdir(exist_ok=True)
    assignment = Assignment(
        session=SessionId("s1"),
        task=Task(prompt="x"),
        workspace=tmp_path / "workspace",
        scratch=tmp_path / "scratch",
        memory=tmp_path / "memory",
        home=tmp_path / "home",
    )
    return Place(assignment, AcpSettings.model_validate({"command": ("x",), **settings}), environ, "mark")


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_what_is_the_persons_is_left_alone(profile: Profile, person: Path, tmp_path: Path) -> None:
    before = _content(person)
    for _ in range(2):  # every session does it again
        env = prepare(profile, _place(tmp_path, {"HOME": str(person)}))
    assert _content(person) == before
    own = tmp_path / "home"
    assert all(Path(env[name]).is_relative_to(own) for name in profile.home)
    for theirs, ours in profile.log_ins.items():
        assert (own / ours).is_symlink() and (own / ours).resolve() == (person / theirs).resolve()
        assert person / theirs in log_in_files(profile, {"HOME": str(person)}), "it is renewed inside the sandbox too"
    assert not list(own.rglob("*.new"))


def test_a_log_in_of_the_cockpits_own_is_kept(person: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.credentials.json").write_text("own")
    prepare(profile_of(["claude-agent-acp"]), _place(tmp_path, {"HOME": str(person)}))
    assert (tmp_path / "home/.credentials.json").read_text() == "own"


def test_log_ins_of_others_reach_codex(person: Path, tmp_path: Path) -> None:
    env = prepare(profile_of(["codex-acp"]), _place(tmp_path, {"HOME": str(person)}, model="gpt-x"))
    assert (tmp_path / "home/auth.json").resolve() == person / ".codex/auth.json"
    config = json.loads(env["CODEX_CONFIG"])
    assert config["model"] == "gpt-x" and config["shell_environment_policy"]["set"][RUN_MARKER] == "mark"


def test_opencode_asks_and_keeps_the_persons_providers(person: Path, tmp_path: Path) -> None:
    opencode = profile_of(["opencode", "acp"])
    config = json.loads(prepare(opencode, _place(tmp_path, {"HOME": str(person)}))["OPENCODE_CONFIG_CONTENT"])
    assert config["permission"]["*"] == "ask" and config["share"] == "disabled" and "provider" not in config
    assert (tmp_path / "home/config/opencode/opencode.json").read_text() == '{"provider": {"mine": {}}}'

    place = _place(
        tmp_path, {"HOME": str(person), "MY_KEY": "secret"}, base_url="http://h/v1", model="m", api_key_env="MY_KEY"
    )
    env = prepare(opencode, place)
    config = json.loads(env["OPENCODE_CONFIG_CONTENT"])
    assert config["model"] == "cockpit/m" and config["provider"]["cockpit"]["options"]["baseURL"] == "http://h/v1"
    assert env["COCKPIT_MODEL_KEY"] == "secret" and "secret" not in env["OPENCODE_CONFIG_CONTENT"]


def test_gemini_trusts_the_worktree_and_logs_in_as_the_person_does(person: Path, tmp_path: Path) -> None:
    gemini = profile_of(["/usr/bin/gemini", "--acp"])
    env = prepare(gemini, _place(tmp_path, {"HOME": str(person)}))
    settings = json.loads(Path(env["GEMINI_CLI_SYSTEM_SETTINGS_PATH"]).read_text())
    assert settings["security"] == {"folderTrust": {"enabled": False}, "auth": {"selectedType": "oauth-personal"}}
    env = prepare(gemini, _place(tmp_path, {"HOME": str(person)}, base_url="http://h", model="g"))
    assert (env["GOOGLE_GEMINI_BASE_URL"], env["GEMINI_MODEL"], env["GEMINI_API_KEY"]) == ("http://h", "g", "none")


def test_a_conversation_with_gemini_is_not_overwritten_when_it_is_loaded(person: Path, tmp_path: Path) -> None:
    chats = tmp_path / "home/.gemini/tmp/wt/chats"
    chats.mkdir(parents=True)
    for name in ("session-2026-11-22T19-00-0da11ce1.jsonl", "session-2026-11-22T19-00-ffffffff.jsonl"):
        (chats / name).write_text(name)
    place = _place(tmp_path, {"HOME": str(person)})
    thread = place.assignment.model_copy(update={"thread": "0da11ce1-fc9a-4004"})
    for _ in range(2):
        prepare(profile_of(["gemini"]), replace(place, assignment=thread))
    kept = sorted(path.name for path in chats.iterdir())
    assert kept[0] == "session-2026-11-22T19-00-ffffffff.jsonl", "that of another session, which may run"
    assert kept[1].startswith("session-kept-") and kept[1].endswith("-0da11ce1.jsonl") and len(kept) == 2


def test_a_key_that_is_not_set_is_named(tmp_path: Path) -> None:
    place = _place(tmp_path, {"HOME": str(tmp_path)}, api_key_env="NO_SUCH_KEY")
    with pytest.raises(ValueError, match=r"\$NO_SUCH_KEY is not set"):
        prepare(profile_of(["claude-agent-acp"]), place)


def test_an_agent_is_known_by_its_program() -> None:
    assert profile_of(["node", "/x/claude-agent-acp"]).name == "claude"
    assert profile_of(["npx", "-y", "@google/gemini-cli/gemini"]).name == "gemini"
    assert profile_of(["/home/gemini/bin/mine"]) is UNKNOWN


def test_settings_that_are_wrong_are_named() -> None:
    with pytest.raises(ValueError, match="command"):
        read(AcpSettings, {"command": []})
    with pytest.raises(ValueError, match="agent settings: colour: Extra inputs"):
        read(AcpSettings, {"command": ["x"], "colour": "red"})


def test_only_the_agents_own_variables_are_handed_on() -> None:
    settings = {"command": ["claude-agent-acp"], "api_key_env": "MINE", "env": {"A": "$OTHER"}}
    variables = AcpDriver().variables(settings)
    assert {"ANTHROPIC_API_KEY", "MINE", "OTHER"} <= set(variables) and "OPENAI_API_KEY" not in variables
    assert AcpDriver().variables({"command": 5})


def test_how_it_is_started(person: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "qwen"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    place = _place(tmp_path, {}, command=("qwen", "--acp"), base_url="http://h/v1", env={"EXTRA": "$HOME"})
    start = start_of(place.assignment, place.settings, profile_of(place.settings.command), UNCONFINED)
    assert start.argv == (str(program), "--acp", "--auth-type", "openai")
    assert start.env["OPENAI_BASE_URL"] == "http://h/v1" and start.env["EXTRA"] == str(person)
    assert start.env[RUN_MARKER] == start.mark and "GITHUB_TOKEN" not in start.env
    assert start.sandbox == "" and "not installed" in start.problem

    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartError, match="npm install -g @qwen-code/qwen-code"):
        start_of(place.assignment, place.settings, profile_of(place.settings.command), UNCONFINED)


def test_the_sandbox_shows_what_the_agent_needs(person: Path, tmp_path: Path) -> None:
    place = _place(tmp_path, {}, command=("sh",), writable=("~/.qwen",))
    claude = profile_of(["claude-agent-acp"])
    start = start_of(place.assignment, place.settings, claude, Sandbox("/usr/bin/bwrap"))
    words = list(start.argv)
    writable = [words[at + 1] for at, word in enumerate(words) if word == "--bind"]
    assert str(tmp_path / "home") in writable and str(person / ".claude/.credentials.json") in writable
    assert str(person / ".qwen") in writable and str(person / ".claude") not in writable
    assert "--unshare-net" not in words and str(tmp_path / "memory") not in writable


async def test_too_old_a_node_is_told(tmp_path: Path) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v20.1.0\n")
    node.chmod(0o700)
    claude = profile_of(["claude-agent-acp"])
    assert "needs Node.js 22 or newer" in await why_not_started(claude, {"PATH": f"{tmp_path}:/bin:/usr/bin"})
    assert "no `node` on the PATH" in await why_not_started(claude, {"PATH": str(tmp_path / "nowhere")})
    assert await why_not_started(UNKNOWN, {}) == ""
