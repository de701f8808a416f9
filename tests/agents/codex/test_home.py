"""Codex's own folder: the user's configuration beneath ours, the log-in by link, written by many at once."""

from __future__ import annotations

import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agents.codex.home import configuration, prepare
from agents.codex.settings import CodexSettings

PLAIN = CodexSettings()


def _config(
    theirs: dict[str, Any] | None = None,
    settings: CodexSettings = PLAIN,
    environ: dict[str, str] | None = None,
    *,
    is_logged_in: bool = False,
) -> dict[str, Any]:
    return tomllib.loads(configuration(theirs or {}, settings, environ or {}, is_logged_in=is_logged_in))


def test_ours_lies_over_theirs() -> None:
    theirs = {
        "model": "theirs",
        "notify": ["pop-up"],
        "analytics": {"enabled": True, "kept": 1},
        "mcp_servers": {"db": {"command": "db"}},
    }
    made = _config(theirs)
    assert made["model"] == "theirs"
    assert made["mcp_servers"] == {"db": {"command": "db"}}
    assert made["analytics"] == {"enabled": False, "kept": 1}
    assert "notify" not in made
    assert made["tools"]["update_plan"] == {"enabled": True}
    assert made["features"]["goals"] is False


def test_an_endpoint_of_ones_own_is_asked_and_nobody_else() -> None:
    made = _config(settings=CodexSettings(base_url="http://127.0.0.1:1/v1", api_key_env="LOCAL_KEY"))
    provider = made["model_providers"][made["model_provider"]]
    assert provider["base_url"] == "http://127.0.0.1:1/v1"
    assert (provider["wire_api"], provider["env_key"]) == ("responses", "LOCAL_KEY")
    assert made["web_search"] == "disabled"
    assert made["features"]["apps"] is False


@pytest.mark.parametrize(("is_logged_in", "key"), [(False, "OPENAI_API_KEY"), (True, None)])
def test_a_key_is_used_where_nobody_logged_in(is_logged_in: bool, key: str | None) -> None:
    made = _config(environ={"OPENAI_API_KEY": "sk-x"}, is_logged_in=is_logged_in)
    provider = made.get("model_providers", {}).get("cockpit", {})
    assert provider.get("env_key") == key


def test_the_log_in_is_a_link_so_that_renewed_tokens_are_not_lost(tmp_path: Path) -> None:
    user, home = tmp_path / "user/.codex", tmp_path / "home"
    user.mkdir(parents=True)
    (user / "auth.json").write_text("old")
    environ = {"HOME": str(tmp_path / "user")}
    for _ in range(2):
        assert prepare(home, PLAIN, environ) == []
    (home / "auth.json").write_text("renewed")
    assert (user / "auth.json").read_text() == "renewed"


def test_a_log_in_made_here_stays(tmp_path: Path) -> None:
    user, home = tmp_path / "user/.codex", tmp_path / "home"
    for made in (user, home):
        made.mkdir(parents=True)
        (made / "auth.json").write_text(made.name)
    prepare(home, PLAIN, {"HOME": str(tmp_path / "user")})
    assert (home / "auth.json").read_text() == "home"


def test_a_configuration_that_cannot_be_read_is_left_aside_and_told(tmp_path: Path) -> None:
    user, home = tmp_path / "theirs", tmp_path / "home"
    user.mkdir()
    (user / "config.toml").write_text("model = ")
    problems = prepare(home, PLAIN, {"CODEX_HOME": str(user)})
    assert "cannot be read" in problems[0]
    assert tomllib.loads((home / "config.toml").read_text())["check_for_update_on_startup"] is False


def test_many_write_it_at_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = {"HOME": str(tmp_path)}

    def write(number: int) -> None:
        prepare(home, CodexSettings(base_url=f"http://127.0.0.1:{number % 2}/v1"), environ)
        tomllib.loads((home / "config.toml").read_text())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(64)))
    assert sorted(path.name for path in home.iterdir()) == ["config.toml", "sessions"]


def test_what_codex_wrote_there_itself_stays(tmp_path: Path) -> None:
    home, environ = tmp_path / "home", {"HOME": str(tmp_path)}
    prepare(home, PLAIN, environ)
    with (home / "config.toml").open("a") as file:
        file.write('[projects."/repo"]\ntrust_level = "trusted"\n')
    prepare(home, CodexSettings(base_url="http://127.0.0.1:1/v1"), environ)
    made = tomllib.loads((home / "config.toml").read_text())
    assert made["projects"] == {"/repo": {"trust_level": "trusted"}}
    assert made["model_provider"] == "cockpit"
