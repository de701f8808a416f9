"""`cockpit rules backtest`: which of the last accepted commits a rule would have stopped, told as they are found."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.cli import FAILED, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.repository import find_repository
from cockpit.providers.git.errors import GitError
from cockpit.providers.git.run import Git
from cockpit.providers.paths import Paths
from cockpit.providers.text import clean_line
from cockpit.rules.repo.documents import documents
from cockpit.rules.repo.places import invariant_file, rule_file
from cockpit.rules.repo.reading import read_files, read_rule, read_rules
from cockpit.rules.runtime.gate import Gate, Question
from cockpit.rules.runtime.history import History
from cockpit.rules.service.backtest import candidate_of, stopped_data, stopped_text
from cockpit.rules.types import Rule, RuleSet
from cockpit.rules.types.errors import RuleFileError
from cockpit.rules.types.forge import Candidate, HistoryDone, Judged, News, Stopped, Uncounted

_FILE_LIMIT_BYTES = 1 << 20
INTERRUPTED = 130


@dataclass(slots=True)
class _Told:
    """What was told so far."""

    is_json: bool
    width: int
    asked: int
    commits: int = 0
    stopped: int = 0
    hits: int = 0
    problems: list[str] = field(default_factory=list)

    def take(self, news: News) -> None:
        """Tell a piece of news."""
        match news:
            case Stopped():
                self._stop(news)
            case HistoryDone():
                self.commits = news.commits
                if news.problem:
                    self.problems.append(news.problem)
            case Judged() if news.problem:
                self.problems.append(news.problem)
            case Uncounted():
                self.problems.append(news.why)
            case _:
                pass

    def _stop(self, stopped: Stopped) -> None:
        self.stopped += 1
        self.hits += len(stopped.hits)
        self._clear()
        if self.is_json:
            for one in stopped_data(stopped):
                print(json.dumps(one))
        else:
            print("\n".join(stopped_text(stopped, self.width)))
        sys.stdout.flush()

    def looked(self, commits: int) -> None:
        """Tell how far it is, where somebody watches."""
        self.commits = commits
        if sys.stderr.isatty():
            self._clear()
            print(f"{commits} of {self.asked} commits, {self.stopped} stopped", end="", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def end(self, name: str, *, is_cut: bool) -> None:
        """Tell what came of it."""
        self._clear()
        if self.is_json:
            told = {"rule": name, "commits": self.commits, "stopped": self.stopped, "hits": self.hits}
            print(json.dumps({**told, "complete": not is_cut and not self.problems, "problems": self.problems}))
        for problem in self.problems:
            print(f"cannot judge: {clean_line(problem)}", file=sys.stderr)
        cut = "interrupted; of the newest " if is_cut else "of the last "
        rest = f"{self.stopped} of them ({self.hits} hits)" if self.stopped else "none of them"
        print(f"{name}: {cut}{self.commits} commits it would have stopped {rest}", file=sys.stderr)


def backtest(arguments: Arguments) -> int:
    """Hold a rule against the last accepted commits."""
    root = find_repository(arguments.repo)
    rule, rules = _the_rule(root, arguments.rule)
    try:
        candidate = candidate_of(rule, rules.utils)
    except RuleFileError as error:
        raise UsageError(str(error)) from error
    width = shutil.get_terminal_size((100, 24)).columns if sys.stdout.isatty() else 400
    told = _Told(arguments.format == "json", width, arguments.commits)
    name = str(rule.id)
    try:
        asyncio.run(_look_back(root, candidate, _tip(root), told))
    except KeyboardInterrupt:
        told.end(name, is_cut=True)
        return INTERRUPTED
    except GitError as error:
        raise UsageError(str(error)) from error
    told.end(name, is_cut=False)
    return FAILED if told.problems else OK


async def _look_back(root: Path, candidate: Candidate, tip: str, told: _Told) -> None:
    found = await Git(None, user_settings=True).run("rev-parse", "--absolute-git-dir", cwd=root)
    git = Git(Path(found.text.strip()))
    await git.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{tip}^{{commit}}")
    history = History(git, tip, told.asked, told.looked)
    async with Gate(Paths.for_repo(root).artifacts / "rules") as gate:
        await gate.judge(Question([candidate], (), history=history), told.take)


def _the_rule(root: Path, name: str) -> tuple[Rule, RuleSet]:
    """Return a rule of the repository, or of a file, and the rules that there are."""
    rules = read_rules(read_files(root))
    if (rule := rules.get(name)) is not None:
        return rule, rules
    file = Path(name)
    if not file.is_file():
        known = ", ".join(one.id for one in rules.rules) or "none"
        raise UsageError(f"{name!r} is neither a rule nor a file; rules: {known}")
    try:
        with file.open("rb") as stream:
            text = stream.read(_FILE_LIMIT_BYTES).decode("utf-8", "replace")
        return _in_file(text, file.stem), rules
    except (RuleFileError, OSError) as error:
        raise UsageError(f"{name}: {error}") from error


def _in_file(text: str, stem: str) -> Rule:
    """Return the rule that a file outside `.cockpit/` says, of whichever engine. Raises `RuleFileError`."""
    has_engine = any("engine" in one for one in documents(text))
    return read_rule(text, invariant_file(stem) if has_engine else rule_file(stem))


def _tip(root: Path) -> str:
    """Return the branch that changes land on: what checks compare with, else what is checked out."""
    if not (root / "cockpit.toml").exists():
        return "HEAD"
    from cockpit.config import USER_CONFIG, ConfigError, load

    try:
        return load(root, Paths.for_repo(root).config / USER_CONFIG).rules.base or "HEAD"
    except ConfigError as error:
        raise UsageError(str(error)) from error
