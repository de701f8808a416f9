"""Whatever is killed without a word, work goes on: supervisor, screen host, agent."""

from __future__ import annotations

import psutil

from tests.e2e import shop
from tests.e2e.fleet import Fleet
from tests.e2e.gate import Gate
from tests.e2e.model import done, rule, run, say, writes
from tests.e2e.place import Place

TASKS = "tasks:\n  - {title: Sweep the floor, prompt: Sweep.}\n  - {title: Wash the windows, prompt: Wash.}\n"


def begun(place: Place, gate: Gate) -> Fleet:
    rules = [
        rule(
            "resumed",
            say("Where was I?", writes("wash.txt", "clean\n")),
            done("wash: all clean after all."),
            task="Wash",
            latest="Go on with the task",
        ),
        *(
            rule(
                name,
                say("I begin.", run(gate.wait(name))),
                say("Nearly there.", writes(f"{name}.txt", "clean\n")),
                done(f"{name}: all clean."),
                task=name.capitalize(),
            )
            for name in ("sweep", "wash")
        ),
    ]
    toml = shop.settings(place.script(rules), shop.marker_check(), agent="network = true")
    place.commit({"cockpit.toml": toml})
    assert place.cockpit("run", "-", stdin=TASKS).returncode == 0
    fleet = Fleet.attach(place.terminal())
    gate.expect("sweep")
    gate.expect("wash")
    fleet.session("Sweep the floor").expect("working")
    return fleet


def kill(place: Place, module: str, session: str = "") -> None:
    found = [
        one
        for one in place.processes(module)
        if "-c" not in one.cmdline() and session in " ".join([*one.cmdline(), one.cwd()])
    ]
    assert len(found) == 1, [one.cmdline() for one in place.processes()]
    found[0].kill()
    psutil.wait_procs(found, timeout=10)


def test_work_goes_on_to_landed_when_supervisor_and_screen_host_are_killed(place: Place, gate: Gate) -> None:
    fleet = begun(place, gate)
    agents = {one.pid for one in place.processes("agents.native")}
    assert agents

    kill(place, "cockpit.supervisor")
    fleet.terminal.expect("supervisor restarted", within_s=30)  # “supervisor gone” may be over before it is looked for
    fleet.session("Sweep the floor").expect("working")
    assert {one.pid for one in place.processes("agents.native")} == agents, "agents are untouched"

    sent = place.folder / "sent"
    with fleet.terminal.recorded(sent):
        kill(place, "cockpit.screens.host")
        fleet.terminal.until(lambda _: b"screen host has died" in sent.read_bytes(), "the relay says so")
        fleet.terminal.until(lambda _: bool(place.processes("cockpit.screens.host")), "another host")
        fleet.session("Sweep the floor").expect("working")
    gate.open("sweep")
    fleet.session("Sweep the floor").expect("ready").open()
    fleet.terminal.expect("1/1 checks passed").strip()
    fleet.terminal.press("a")
    fleet.session("Sweep the floor").expect("landed")
    assert place.git("show", "main:sweep.txt") == "clean"
    assert place.git("status", "--porcelain") == ""


def test_a_killed_agent_is_told_and_one_key_resumes_it(place: Place, gate: Gate) -> None:
    fleet = begun(place, gate)
    kill(place, "agents.native", "wash")
    wash = fleet.session("Wash the windows").expect("interrupted", "failed").open()
    fleet.terminal.expect("a resume")
    fleet.session("Sweep the floor").expect("working")
    fleet.terminal.press("a")
    wash.expect("ready")
    gate.open("sweep")
    fleet.session("Sweep the floor").expect("ready")
