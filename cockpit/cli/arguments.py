"""What may be written after `cockpit`."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from importlib import import_module

from cockpit import __version__


class UsageError(Exception):
    """What was asked for makes no sense; the message says why and what to do."""


class Arguments(argparse.Namespace):
    """The parsed command line."""

    repo: str
    carry_out: Callable[[Arguments], int]


_VERBS = ("up", "attach", "run", "demo", "init", "down", "gc", "stats", "doctor", "check", "rules")


def parse(argv: Sequence[str]) -> Arguments:
    """Return the parsed command line. Without a verb: `attach`."""
    return _parser().parse_args([*argv] if _names_verb(argv) else ["attach", *argv], namespace=Arguments())


def _names_verb(argv: Sequence[str]) -> bool:
    return any(word in _VERBS or word in ("-h", "--help", "--version") for word in argv[:3])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cockpit",
        description="Steer many coding agents from one terminal: humans steer, agents execute.",
        epilog="Exit status: 0 as asked, 1 something needs a human, 2 bad usage, 3 failed.",
    )
    parser.add_argument("--version", action="version", version=f"cockpit {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")

    def verb(name: str, where: str, help: str) -> argparse.ArgumentParser:  # noqa: A002  argparse's own word
        one = verbs.add_parser(name, help=help, description=help)
        one.add_argument("-C", "--repo", default=".", help="a folder in the repository (default: here)")
        one.set_defaults(carry_out=lambda arguments: _load(where)(arguments))
        return one

    verb("attach", "attach:attach", "open the cockpit in this terminal (what `cockpit` alone does)")
    verb("up", "daemon:up", "start the supervisor of this repository, if it does not run")
    down = verb("down", "daemon:down", "end the supervisor and its agents; sessions can be resumed later")
    down.add_argument("--keep-agents", action="store_true", help="leave the agents at work")
    _run_options(verb("run", "headless:run", "begin tasks; with --headless follow them here to their end"))
    demo = verb("demo", "demo:demo", "see the whole loop on a sample repository, without any model account")
    demo.add_argument("--headless", action="store_true", help="no screen, also in a terminal")
    init = verb("init", "init:init", "look at this repository, propose checks and write cockpit.toml")
    init.add_argument("-y", "--yes", action="store_true", help="write it without asking")
    garbage = verb("gc", "daemon:gc", "reclaim the disk of sessions that are over; says what it keeps and why")
    garbage.add_argument("-n", "--dry-run", action="store_true", help="only say what would be done")
    stats = verb("stats", "daemon:stats", "what a landed change costs in attention, tokens and money")
    stats.add_argument("--json", action="store_true", help="as JSON")
    doctor = verb("doctor", "doctor:doctor", "say what is installed, what is missing and what to do about it")
    doctor.add_argument("--online", action="store_true", help="also ask the agents' endpoints whether they answer")
    doctor.add_argument("--json", action="store_true", help="as JSON")
    _check_options(verb("check", "check:check", "carry out the rules and checks of this repository, without a session"))
    _rules_verbs(
        verb(
            "rules",
            "rules:list_rules",
            "the rules of this repository, and what they have done",
        )
    )
    return parser


def _rules_verbs(rules: argparse.ArgumentParser) -> None:
    rules.set_defaults(json=False)
    verbs = rules.add_subparsers(dest="rules_verb", metavar="VERB")

    def verb(name: str, where: str, help: str) -> argparse.ArgumentParser:  # noqa: A002  argparse's own word
        one = verbs.add_parser(name, help=help, description=help)
        one.add_argument("-C", "--repo", default=argparse.SUPPRESS, help="a folder in the repository (default: here)")
        one.set_defaults(carry_out=lambda arguments: _load(where)(arguments))
        return one

    verb("list", "rules:list_rules", "every rule with its state").add_argument("--json", action="store_true")
    verb("show", "rules:show", "one rule and its tests").add_argument("rule", metavar="ID")
    verb("test", "rules:test", "try rules on their own examples").add_argument("rules", nargs="*", metavar="ID")
    kept = verb("books", "rule_books:books", "what each rule has done: fired, fixed, suppressed, where, and when last")
    kept.add_argument("--json", action="store_true", help="as JSON")
    back = verb("backtest", "backtest:backtest", "which of the last accepted commits a rule would have stopped")
    back.add_argument("rule", metavar="RULE|FILE", help="a rule of this repository, or a file that says one")
    back.add_argument("--commits", type=_count, default=200, metavar="N", help="how far to go back (default: 200)")
    back.add_argument("--format", choices=("text", "json"), default="text", help="json: one object a line")
    verb("retire", "rule_books:retire", "take a rule out of force for everybody").add_argument("rule", metavar="ID")
    state = verb("state", "rule_books:state", "put a rule into another state")
    state.add_argument("rule", metavar="ID")
    state.add_argument("state", choices=("shadow", "warn", "block", "retired"), help="shadow is counted, warn is told")
    add = verb("add", "rules:add", "adopt rules from the shipped packs; without a name, list them")
    add.add_argument("names", nargs="*", metavar="PACK[/RULE]")
    add.add_argument("--state", choices=("shadow", "warn", "block"), default="", help="instead of the pack's own")


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError("say a number from 1 to 100000")
    return int(text)


def _check_options(check: argparse.ArgumentParser) -> None:
    scope = check.add_mutually_exclusive_group()
    scope.add_argument(
        "--changed", action="store_true", help="what differs from [rules] base, or else from the last commit (default)"
    )
    scope.add_argument("--all", action="store_true", help="every file")
    scope.add_argument("--base", default="", metavar="REF", help="what differs from where REF and HEAD parted")
    scope.add_argument(
        "--baseline", action="store_true", help="every file, and keep what is wrong today in .cockpit/baseline.json"
    )
    check.add_argument("--rules-only", action="store_true", help="leave the checks of cockpit.toml out")
    check.add_argument(
        "--judge", action="store_true", help="also ask the agent of [rules] judge about what differs: that costs"
    )
    check.add_argument("--format", choices=("text", "json", "sarif", "github"), default="text")


def _run_options(run: argparse.ArgumentParser) -> None:
    run.add_argument(
        "task", nargs="*", help="what to do, or files with tasks (.yaml, .toml, .md); `-` or nothing reads stdin"
    )
    run.add_argument("--agent", default="", help="agent for tasks that name none")
    run.add_argument("--headless", action="store_true", help="follow the tasks here, without a screen, to their end")
    run.add_argument("--json", action="store_true", help="events as JSON lines on standard output")
    run.add_argument(
        "--approve",
        choices=("never", "policy", "clean"),
        default="never",
        help="who approves: a person (never), [merge.auto_approve] of cockpit.toml (policy), or any clean change",
    )
    run.add_argument("--timeout", type=float, default=None, metavar="MINUTES", help="give up waiting after so long")


def _load(where: str) -> Callable[[Arguments], int]:
    module, name = where.split(":")
    function: Callable[[Arguments], int] = getattr(import_module(f"cockpit.cli.{module}"), name)
    return function
