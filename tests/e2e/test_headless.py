"""Batches without a screen: what is said where, and what the exit status means."""

from __future__ import annotations

import json

import psutil

from tests.e2e import shop
from tests.e2e.model import ask, done, rule, run, say, writes
from tests.e2e.place import Place

TASKS = """\
tasks:
  - {title: Write the manual, prompt: Write the manual.}
  - {title: Change the till, prompt: Change the till.}
"""
POLICY = '\n[merge.auto_approve]\npaths = ["docs/**"]\n'
RULES = [
    rule("question", say("", ask("Which till?")), done("Asked."), task="Ask"),
    rule("manual", say("", writes("docs/manual.txt", "Press start.\n")), done("Written."), task="manual"),
    rule("till", say("", run("echo open >till.txt")), done("Changed."), task="till"),
    {"name": "broken", "when": {"task": "Break"}, "reply": {"error": {"status": 401, "message": "no such key"}}},
]


def test_exit_status_output_and_policy_of_headless_runs(place: Place) -> None:
    toml = shop.settings(place.script(RULES), shop.marker_check(), POLICY, agent="retries = 0")
    place.commit({"cockpit.toml": toml})
    file = place.folder / "tasks.yaml"

    file.write_text(TASKS.replace("title: Change", "titel: Change"))
    bad = place.cockpit("run", str(file), "--headless")
    assert bad.returncode == 2
    assert "titel" in bad.stderr
    assert bad.stdout == ""
    assert not place.processes("cockpit.supervisor"), "a file that makes no sense begins nothing"

    file.write_text(TASKS)
    both = place.cockpit("run", str(file), "--headless", "--json", "--approve", "policy")
    assert both.returncode == 1, "one waits for a person"
    events = [json.loads(line) for line in both.stdout.splitlines()]
    assert [event["seq"] for event in events] == sorted(event["seq"] for event in events)
    kinds = {event["event"]["kind"] for event in events}
    assert {"session_created", "check_finished", "receipt_issued", "landed"} <= kinds
    assert "landed on main" in both.stderr
    assert "Change the till" in both.stderr
    assert place.git("ls-tree", "-r", "--name-only", "main").split() == ["cockpit.toml", "docs/manual.txt"]
    assert place.git("status", "--porcelain") == ""

    landed = place.cockpit("run", "-", "--headless", "--approve", "clean", stdin="Change the till once more")
    assert landed.returncode == 0, landed.stderr
    assert "landed" in landed.stdout
    assert place.git("show", "main:till.txt") == "open"

    asking = place.cockpit("run", "Ask which till", "--headless")
    assert asking.returncode == 1
    assert "Which till?" in asking.stdout + asking.stderr

    failed = place.cockpit("run", "Break everything", "--headless")
    assert failed.returncode == 3, failed.stdout + failed.stderr
    assert "no such key" in failed.stdout + failed.stderr

    stats = json.loads(place.cockpit("stats", "--json").stdout)
    assert stats["landed"] == 2
    garbage = place.cockpit("gc")
    assert garbage.returncode == 0, garbage.stderr
    left = {one.name for one in place.paths.workspaces.iterdir()}
    assert not any(name.startswith("write-the-manual") for name in left), "what landed leaves no workspace"
    assert any(name.startswith("change-the-till-2") for name in left), "what waits for a person is kept"

    down = place.cockpit("down")
    assert down.returncode == 0, down.stderr
    _, alive = psutil.wait_procs(place.processes(), timeout=5)
    assert alive == []
