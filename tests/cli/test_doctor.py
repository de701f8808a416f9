"""`cockpit doctor` names what is wrong and what to do, and fails only where something does not work."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cockpit.cli import NEEDS_HUMAN, OK, main
from cockpit.providers.sandbox import Sandbox


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    root = tmp_path / "repo"
    subprocess.run(["git", "init", "-q", root], check=True)
    return root


class _Endpoint(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_known = self.headers["Authorization"] == "Bearer right"
        self.send_response(200 if is_known and self.path == "/v1/models" else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's word
        pass


@pytest.fixture
def endpoint() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Endpoint) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        serving.join()


def examine(root: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, dict[str, str]]]:
    status = main(["doctor", "--json", "-C", str(root), *options])
    return status, {one["subject"]: one for one in json.loads(capsys.readouterr().out)}


def test_a_repository_that_is_not_set_up_works_with_less(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examine(repository, capsys)
    assert status == OK
    assert "cockpit init" in found["config"]["advice"]
    assert "mechanic" in found["agent native"]["advice"]
    assert {found[name]["level"] for name in ("cockpit", "git", "sqlite", "state", "sockets")} == {"ok"}


def test_every_line_has_a_glyph_and_advice_where_there_is_some(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "-C", str(repository)]) == OK
    lines = capsys.readouterr().out.splitlines()
    assert all(line[0] in "✓!✗" for line in lines)
    assert next(line for line in lines if "config" in line).endswith("→ Run `cockpit init`.")


def test_problems_of_the_configuration_come_with_their_lines(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "cockpit.toml").write_text("[ui]\nthem = 'dark'\n", "utf-8")
    assert main(["doctor", "-C", str(repository)]) == NEEDS_HUMAN
    assert "cockpit.toml:2: ui.them: is not an option" in capsys.readouterr().out


def test_agents_are_looked_at(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_KEY", "secret")
    script = tmp_path / "script.yaml"
    (repository / "cockpit.toml").write_text(
        '[agents.keyless]\nmodel = "m"\n[agents.keyed]\nmodel = "m"\napi_key_env = "SOME_KEY"\n'
        '[agents.local]\nmodel = "m"\nbase_url = "http://127.0.0.1:1/v1"\n[agents.wrong]\nmodle = "m"\n'
        f'[agents.scripted]\nscript = "{script}"\n',
        "utf-8",
    )
    status, found = examine(repository, capsys)
    assert status == NEEDS_HUMAN
    levels = {name: found[f"agent {name}"]["level"] for name in ("keyless", "keyed", "local", "wrong", "scripted")}
    assert levels == {"keyless": "fail", "keyed": "ok", "local": "ok", "wrong": "fail", "scripted": "fail"}
    assert "$OPENAI_API_KEY" in found["agent keyless"]["advice"]
    assert "secret" not in json.dumps(found)


@pytest.mark.parametrize(("key", "level"), [("right", "ok"), ("wrong", "fail")])
def test_endpoints_are_called_only_when_asked(
    key: str,
    level: str,
    repository: Path,
    endpoint: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SOME_KEY", key)
    (repository / "cockpit.toml").write_text(
        f'[agents.local]\nmodel = "m"\nbase_url = "{endpoint}"\napi_key_env = "SOME_KEY"\n', "utf-8"
    )
    assert examine(repository, capsys)[1]["agent local"]["level"] == "ok"
    assert examine(repository, capsys, "--online")[1]["agent local"]["level"] == level


def test_an_endpoint_that_is_down_is_told(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "cockpit.toml").write_text(
        '[agents.local]\nmodel = "m"\nbase_url = "http://127.0.0.1:1/v1"\n', "utf-8"
    )
    status, found = examine(repository, capsys, "--online")
    assert status == NEEDS_HUMAN
    assert "cannot be reached" in found["agent local"]["found"]


def test_without_a_sandbox_it_says_what_that_means(
    repository: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sandbox, "detect", lambda: Sandbox(None, "bubblewrap does not work here (no user namespaces)"))
    status, found = examine(repository, capsys)
    assert status == OK
    assert found["sandbox"]["level"] == "warn"
    assert "Agents can read and write what you can" in found["sandbox"]["advice"]


def test_a_folder_that_somebody_made_a_file_of_fails(
    repository: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "config").mkdir()
    (tmp_path / "home" / "config" / "cockpit").write_text("", "utf-8")
    (tmp_path / "home" / "data").write_text("", "utf-8")
    status, found = examine(repository, capsys)
    assert status == NEEDS_HUMAN
    assert found["state"]["level"] == "fail"


def test_outside_a_repository_the_machine_is_still_examined(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = examine(tmp_path, capsys)
    assert status == OK
    assert found["repository"]["level"] == "warn"
    assert found["git"]["level"] == "ok"
