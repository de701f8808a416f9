"""What the scripted model says in the story that every real agent is led through.

The prices want to be in euros. The agent runs a command, is denied another, asks the cockpit's checks, and leaves a
FIXME behind that the checks find; a redirect reaches it while a command runs, and decides what it does next.
"""

from __future__ import annotations

from typing import Any

from tests.e2e.agents.bed import holding
from tests.e2e.model import Rule, done, rule, run, say

PROMPT = "Give the prices in euros."
DENIAL = "Not that one: it is not ours to touch."
REDIRECT = "Write the note in Latin, please."
GO_ON = "Go on where you were."

SHELL, FORBIDDEN, HELD, ENDLESS = "shell-ran", "touched-it", "held", "endless"
LONG = "sleep 4242"
CHECK = """
[checks.marker]
command = ["sh", "-c", "! grep -rn FIXME --include=*.txt ."]
inputs = ["**"]
parser = "regex"
pattern = '^\\./(?P<path>[^:\\n]+):(?P<line>\\d+):(?P<message>.*)$'
"""
FILES = {"prices.txt": "tea 500\nmilk 120\n", ".gitignore": "*.waits\n*.opened\n"}


_OUTSIDE = {"needs_network": True, "reason": "May I leave the sandbox?"}
"""Agents with a sandbox of their own ask for nothing else."""


def _read(path: str) -> dict[str, Any]:
    return {"tool": "read", "arguments": {"path": path}}


def _edit(path: str, old: str, new: str) -> dict[str, Any]:
    return {"tool": "edit", "arguments": {"path": path, "old": old, "new": new}}


def _write(path: str, text: str) -> dict[str, Any]:
    return {"tool": "write", "arguments": {"path": path, "text": text}}


_AFTER_DENIAL = (
    say("Then I do what is asked.", _read("prices.txt")),
    say("", _edit("prices.txt", "tea 500", "tea 500 EUR FIXME")),
    say("", {"mcp": "run_checks"}),
    say("Now a long one.", run(holding(HELD))),
    say("", _write("note.txt", "in English\n")),
    done("The prices are in euros."),
)


def rules(*, is_told_at_once: bool = True) -> list[Rule]:
    """Return the whole script; the first rule that matches answers.

    Args:
        is_told_at_once: the agent hears in the middle of a turn why something was denied; else when it has ended.
    """
    repair = (
        say("The checks are right.", _read("prices.txt")),
        say("", _edit("prices.txt", "tea 500 EUR FIXME", "tea 500 EUR")),
        done("No FIXME is left."),
    )
    denied = _AFTER_DENIAL if is_told_at_once else (done("I see."),)
    endless = (say("This takes a while.", run(f"echo {ENDLESS}; {LONG}")), done("It ended."))
    return [
        rule("repair", *repair, task="in euros", latest="Checks, round"),
        rule("redirected", say("Latin it is.", _write("note.txt", "Latine\n")), done("In Latin."), latest="in Latin"),
        rule("denied", *denied, task="in euros", latest="Not that one"),
        rule(
            "euros",
            say("I look first.", run(f"echo {SHELL} >shell.txt", **_OUTSIDE)),
            say("", run(f"echo {FORBIDDEN} >forbidden.txt", **_OUTSIDE)),
            *_AFTER_DENIAL,
            task="in euros",
        ),
        rule("resumed", say("Where was I?", _write("resumed.txt", "yes\n")), done("Resumed."), latest="Go on where"),
        rule("endless", *endless, task="Wait for"),
    ]
