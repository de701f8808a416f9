"""A person at a supervisor whose cockpit.toml lets an agent draft rules, with a scripted model behind it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import psutil
import yaml

from agents.scripted.conversation import flat
from agents.scripted.script import parse
from agents.scripted.server import ScriptedModel
from cockpit.protocol.forge import (
    CloseForge,
    FollowForge,
    OpenForge,
)
from cockpit.rules.types.forging import Book, Drafting, ForgeView, Offence, Pointed
from cockpit.sessions.runtime import runner
from tests.supervisor.world import Person, World, git, make_repository, open_world

WITHIN_S = 30.0
OFFENCE = Offence(
    kind=Pointed.FINDING,
    path="calls.py",
    snippet="answer = requests.get(url)",
    fix="answer = requests.get(url, timeout=3)",
    said="outbound call without a timeout",
)
TESTS = """
```yaml
invalid:
  - requests.post(url, json=data)
valid:
  - session.get(url)
  - requests.get(url, timeout=9)
```
"""
PROVEN = """
```yaml
id: http-timeout
language: python
message: Outbound HTTP call without a timeout
note: Pass timeout=, in seconds.
severity: error
rule:
  all:
    - pattern: requests.$METHOD($$$ARGS)
    - not: {has: {kind: keyword_argument, regex: '^timeout\\s*=', stopBy: end}}
constraints:
  METHOD: {regex: '^(get|post|put)$'}
```
"""
TOO_BROAD = PROVEN.replace("    - not: {has: {kind: keyword_argument, regex: '^timeout\\s*=', stopBy: end}}\n", "")
BROKEN = "```yaml\nid: broken\nlanguage: python\nrule: {pattern: [\n```\n"


def says(text: str, *calls: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"text": text, "calls": list(calls), **more}


class Smith:
    """A person at a supervisor whose cockpit.toml lets an agent draft."""

    def __init__(self, world: World, ana: Person) -> None:
        self.world, self.ana = world, ana
        self.forge = ""
        self.view = ForgeView()

    async def open(self, **offence: Any) -> None:
        self.view = ForgeView()
        opened = await self.ana.call(OpenForge(offences=(OFFENCE.model_copy(update=offence),)))
        self.forge = opened["forge"]

    async def until(self, condition: Callable[[ForgeView], Any]) -> ForgeView:
        async with asyncio.timeout(WITHIN_S):
            while not condition(self.view):
                said = await self.ana.call(FollowForge(forge=self.forge, after=self.view.version))
                self.view = ForgeView.model_validate(said)
        return self.view

    async def ended(self) -> Drafting:
        """Wait until the agent's work is over, and what it drafted is judged."""

        def is_over(view: ForgeView) -> bool:
            drafting = view.drafting
            return drafting is not None and drafting.until is not None and len(drafts_in(view)) == drafting.drafted

        view = await self.until(is_over)
        assert view.drafting is not None
        return view.drafting

    async def close(self) -> None:
        await self.ana.call(CloseForge(forge=self.forge))

    @property
    def runs(self) -> list[Path]:
        """The folders of drafting agents' runs."""
        return sorted(self.world.paths.spool.glob("draft-*/1"))

    @property
    def leftovers(self) -> list[Path]:
        places = self.world.paths.data / "drafting"
        return [*self.world.paths.spool.glob("draft-*"), *(places.iterdir() if places.exists() else ())]

    def processes(self) -> list[int]:
        keepers = [runner.status(run).pid for run in self.runs]
        return [one.pid for pid in keepers if pid for one in psutil.Process(pid).children(recursive=True)]


def drafts_in(view: ForgeView) -> list[Book]:
    return [book for book in view.books if book.source == "agent"]


@contextlib.asynccontextmanager
async def smithy(tmp_path: Path, *steps: dict[str, Any], agent: str = "", forge: str = "") -> AsyncIterator[Smith]:
    script = tmp_path / "model.yml"
    script.write_text(yaml.safe_dump({"rules": [{"name": "drafts", "steps": list(steps)}]}))
    config = f"""
[agents.scribe]
driver = "native"
{f'script = "{script}"' if steps else ""}
{agent}
[forge]
drafting = "scribe"
{forge}
"""
    repository = make_repository(tmp_path / "repo", config)
    (repository / "calls.py").write_text("import requests\n\nanswer = requests.get(url)\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "call")
    async with open_world(repository) as world:
        yield Smith(world, await world.start())


def talks_to(url: str) -> str:
    return f'base_url = "{url}"\nmodel = "scripted"\napi = "responses"'


@contextlib.asynccontextmanager
async def model(tmp_path: Path, *steps: dict[str, Any], log: Path) -> AsyncIterator[str]:
    script = parse(yaml.safe_dump({"rules": [{"name": "drafts", "steps": list(steps)}]}))
    async with ScriptedModel(script, request_log=log) as server:
        yield server.url


def last_words(said: list[dict[str, Any]]) -> str:
    """Return what the agent heard last."""
    return next(flat(one["content"]) for one in reversed(said) if one.get("role") == "user")
