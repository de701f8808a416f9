"""The text of a first cockpit.toml."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence

from cockpit.checks.config import CheckConfig
from cockpit.checks.runtime.detect.facts import Setup
from cockpit.checks.runtime.detect.trial import Trial
from cockpit.checks.types import CheckOutcome, split_command

_COMMENT_WIDTH = 160
_HEAD = """\
# What the cockpit does in this repository. Every option: docs/configuration.md of agent-cockpit.
# A change is ready for you when all its checks pass.
"""


def render(trials: Sequence[Trial], setup: Setup) -> str:
    """Return the file: what was proposed, with what each check says right now. What cannot run is commented out."""
    parts = [_HEAD]
    if setup.command or setup.copy:
        lines = ["[sessions]"]
        if setup.command:
            lines.append(f"setup = {_command(setup.command)}  # once in each new workspace")
        if setup.copy:
            lines.append(f"copy = {_value(setup.copy)}  # not in git, but needed")
        parts.append("\n".join(lines) + "\n")
    parts += [_check(trial) for trial in trials]
    return "\n".join(parts)


def _check(trial: Trial) -> str:
    check = trial.proposal.check
    lines = ["[[checks]]", *_options(check)]
    if trial.result.outcome is CheckOutcome.BROKEN:
        lines = [f"# {line}" for line in lines]
    comment = textwrap.shorten(f"{trial.proposal.because}; {trial.verdict}", _COMMENT_WIDTH, placeholder=" ...")
    return f"# {comment}\n" + "\n".join(lines) + "\n"


def _options(check: CheckConfig) -> list[str]:
    defaults = CheckConfig(name="x", command=("x",)).model_dump(mode="json")
    lines = []
    for key, value in check.model_dump(mode="json").items():
        if key in ("command", "fix") and value:
            lines.append(f"{key} = {_command(value)}")
        elif key == "pattern" and value:
            lines.append(f"{key} = '{value}'" if "'" not in value else f"{key} = {_value(value)}")
        elif key not in ("command", "cost_s") and value != defaults[key]:
            lines.append(f"{key} = {_value(value)}")
    return lines


def _command(argv: Sequence[str]) -> str:
    """Return a command as one line where that reads back the same, else as a list."""
    line = " ".join(argv)
    try:
        reads_back = split_command(line) == list(argv)
    except ValueError:
        reads_back = False
    return _value(line) if reads_back else _value(list(argv))


def _value(value: object) -> str:
    match value:
        case Mapping():
            return "{ " + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + " }"
        case list() | tuple():
            return "[" + ", ".join(_value(one) for one in value) + "]"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case bool():
            return str(value).lower()
        case _:
            return str(value)
