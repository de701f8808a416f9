"""`cockpit init`: looks at a repository, tries checks, shows the cockpit.toml it would write, and writes it if told."""

from __future__ import annotations

import asyncio
import difflib
import os
import sys
import tempfile
from pathlib import Path

from cockpit.checks.runtime.detect import render
from cockpit.checks.types import CheckOutcome
from cockpit.cli import NEEDS_HUMAN, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.repository import find_repository
from cockpit.cli.trial import Looked, look
from cockpit.config import Config, ConfigError, parse
from cockpit.config.load import FILE_NAME
from cockpit.providers.git import GitError
from cockpit.providers.paths import Paths, PathsError
from cockpit.providers.text import clean

_AGENTS = """
# Agents. `mechanic` is always there: it needs no model and runs the fix commands of the checks above.
# For an agent that writes code, name any OpenAI-compatible endpoint:
#
# [agents.native]
# model = "name-of-the-model"
# base_url = "http://127.0.0.1:8000/v1"  # vLLM; Ollama: port 11434; llama.cpp: port 8080; leave it out for OpenAI
# api_key_env = "OPENAI_API_KEY"         # the variable that holds the key; the key itself is never written down
"""


def init(arguments: Arguments) -> int:
    """Propose checks that pass or fail right now, and write them down when the person agrees."""
    paths = Paths.for_repo(find_repository(arguments.repo))
    file = paths.repo / FILE_NAME
    if not paths.repo.is_dir() or (paths.repo / "HEAD").is_file():
        raise UsageError(f"{paths.repo} is a bare repository; run `cockpit init` in a checkout of it")
    print(f"Looking at {clean(str(paths.repo))} and trying what suits it on its last commit:", file=sys.stderr)
    try:
        looked = asyncio.run(look(paths))
    except (GitError, PathsError) as error:
        raise UsageError(str(error)) from error
    text = render(looked.trials, looked.setup) + _AGENTS
    _summarise(looked)
    return _settle(file, text, is_agreed=arguments.yes)


def _summarise(looked: Looked) -> None:
    outcomes = [trial.result.outcome for trial in looked.trials]
    if not outcomes:
        print("  nothing that is known suits it; add checks by hand (docs/configuration.md)", file=sys.stderr)
        return
    counts = {outcome: outcomes.count(outcome) for outcome in CheckOutcome}
    words = {CheckOutcome.PASSED: "pass", CheckOutcome.FAILED: "fail", CheckOutcome.BROKEN: "cannot run"}
    print("  " + ", ".join(f"{counts[one]} {words[one]}" for one in CheckOutcome if counts[one]), file=sys.stderr)


def _settle(file: Path, text: str, *, is_agreed: bool) -> int:
    """Show what would be written and write it if that is agreed to."""
    has_person = sys.stdin.isatty() and sys.stderr.isatty()
    before = _read(file)
    if before is not None and _means(before, file) == _means(text, file):
        print(f"{file} says this already; it is left as it was.")
        return OK
    if before is None:
        print(f"\n{clean(text)}")
        if not is_agreed and not (has_person and _agrees(f"Write this to {file}?")):
            return _left(file, has_person, "run it again with --yes to write this file")
    else:
        print(f"\n{clean(_difference(before, text))}")
        # `--yes` was said before anybody saw what would be lost.
        if not (has_person and _agrees(f"Replace {file} by this? What is marked with - is lost.")):
            return _left(file, has_person, f"run it in a terminal, or move {FILE_NAME} away first")
    _write(file, text)
    print(f"Wrote {file}. Commit it (git add {FILE_NAME} && git commit -m 'Add {FILE_NAME}'); then run: cockpit")
    return OK


def _left(file: Path, has_person: bool, advice: str) -> int:
    state = "as it was" if file.exists() else "unwritten"
    print(f"cockpit: {file} is left {state}" + ("." if has_person else f"; {advice}."), file=sys.stderr)
    return NEEDS_HUMAN


def _read(file: Path) -> str | None:
    try:
        return file.read_text("utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error


def _means(text: str, file: Path) -> Config | None:
    try:
        return parse(text, file)
    except ConfigError:
        return None


def _difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{FILE_NAME} as it is", f"{FILE_NAME} as proposed", lineterm=""
    )
    return "\n".join(lines) + "\n"


def _agrees(question: str) -> bool:
    print(f"{clean(question)} [y/n] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _write(file: Path, text: str) -> None:
    """Write whole or not at all; a link stays a link."""
    place = file.resolve()
    descriptor, name = tempfile.mkstemp(prefix=f".{FILE_NAME}.", dir=place.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        mode = place.stat().st_mode & 0o777 if place.exists() else 0o644
        Path(name).chmod(mode)
        Path(name).replace(place)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error
