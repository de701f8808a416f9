"""Candidates that an agent drafts while a person looks at others: asked, tried by the gate, told what came out wrong.

Only what is proven reaches the forge. What an agent says is never more than text here; it is read by
`cockpit.rules.repo.drafts` and carried out by the gate alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cockpit.providers.text import clean_line
from cockpit.rules.repo.drafts import Draft, read_answer
from cockpit.rules.runtime.gate import Gate, Question
from cockpit.rules.service.drafting import TREES, Brief, Shown, brief_text, failures_text, missed
from cockpit.rules.service.synthesis.languages import name_of
from cockpit.rules.types import Engine, Example, ExampleKind, Rule
from cockpit.rules.types.errors import RulesError
from cockpit.rules.types.forge import Candidate, Judged, News, Verdict
from cockpit.rules.types.forging import Book, Drafting
from cockpit.sessions.types import AgentReady
from cockpit.supervisor.drafter import Drafter, DrafterFailed

if TYPE_CHECKING:
    from cockpit.supervisor.forge.forge import Forge

log = logging.getLogger(__name__)

TURNS = 3
"""The first answer, and two to mend it."""
_TRIED_AT_ONCE = 6
"""Rules of one answer that are tried."""


class Drafts:
    """Has an agent draft candidates for one forge, where one is to. `run` belongs to the forge and ends with it."""

    def __init__(self, forge: Forge) -> None:
        """Nothing is asked before `begin`."""
        self._forge, self._services = forge, forge.services
        self._may_begin = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._failed: list[str] = []
        self._tests: list[Example] = []
        self._taken: list[Mapping[str, Any]] = []
        self.view: Drafting | None = None
        """How it stands; None: no agent is to draft."""

    def begin(self) -> None:
        """Let it begin, if there are examples by now."""
        if self._forge.samples.pairs and self._forge.language:
            self._may_begin.set()

    def stop(self) -> bool:
        """End the agent, and nothing else. Returns whether one was at work."""
        is_working = self._working is not None and not self._working.done()
        if self._working is not None:
            self._working.cancel()
        return is_working

    async def run(self, gate: Gate) -> None:
        """Wait for the beginning, and have the candidates drafted."""
        await self._may_begin.wait()
        config = self._services.config.forge
        if not config.drafting:
            return
        self.view = Drafting(agent=config.drafting, since=self._services.clock.now(), says="starting")
        if used_up := self._services.fleet_used_up:
            self._over(used_up, is_bad=True)
            return
        self._forge.changed()
        self._working = asyncio.create_task(self._draft(gate))
        try:
            await asyncio.wait({self._working})
        finally:
            self._working.cancel()
            await asyncio.wait({self._working})
        if self._working.cancelled():
            self._over("stopped")
        elif error := self._working.exception():
            log.error("drafting broke", exc_info=error)
            self._over(f"it failed inside: {type(error).__name__}", is_bad=True)

    async def _draft(self, gate: Gate) -> None:
        services = self._services
        config = services.config.forge
        agent = services.config.agents.get(config.drafting)
        budget = (agent and agent.budget) or services.config.budget
        minutes = min(config.minutes, budget.minutes or config.minutes)
        try:
            async with asyncio.timeout(minutes * 60):
                async with Drafter(services, config.drafting, self._forge.person, self._ready) as drafter:
                    await self._turns(drafter, gate)
        except TimeoutError:
            self._over(f"stopped: it took longer than {minutes:g} min", is_bad=True)
        except (DrafterFailed, RulesError) as error:
            self._over(str(error), is_bad=True)
        else:
            self._over(self._outcome())

    async def _turns(self, drafter: Drafter, gate: Gate) -> None:
        wanted = self._services.config.forge.drafts
        words = brief_text(await self._brief(gate))
        for turn in range(1, TURNS + 1):
            self._tell("drafting" if turn == 1 else "mending what did not prove")
            answer = read_answer(await drafter.ask(words))
            self._tell("trying what it drafted")
            self._tests = [one for one in dict.fromkeys([*self._tests, *answer.tests]) if not self._is_known(one)]
            failures: list[tuple[str, list[str]]] = []
            for draft in answer.drafts[:_TRIED_AT_ONCE]:
                reasons = await self._try(draft, gate, is_last=turn == TURNS)
                if reasons:
                    failures.append((draft.name, reasons))
                if self._drafted == wanted:
                    self._failed = []
                    return
            if not answer.drafts:
                failures.append(("Your answer", ["It holds no block of YAML with a rule."]))
            self._failed = [f"{name}: {reasons[0]}" for name, reasons in failures]
            if not failures:
                return
            words = failures_text(failures)

    async def _brief(self, gate: Gate) -> Brief:
        """Return what the rule is to be about, with the syntax trees of the first examples of each kind."""
        forge = self._forge
        shown = [Shown(one.kind, one.text, one.path) for one in forge.samples.examples()]
        chosen = [one for kind in ExampleKind for one in [one for one in shown if one.kind is kind][:TREES]]
        trees = await gate.outlines([one.text for one in chosen], forge.language)
        seen = dict(zip(chosen, trees, strict=True))
        return Brief(
            language=forge.language,
            examples=[replace(one, tree=seen.get(one, "")) for one in shown],
            said=forge.words.message,
            remedy=forge.words.remedy,
            taken=[rule.id for rule in forge.others],
            wanted=self._services.config.forge.drafts,
        )

    async def _try(self, draft: Draft, gate: Gate, *, is_last: bool) -> list[str]:
        """Show a draft if it is proven. Returns what came out wrong, for the agent."""
        rule = draft.rule
        if rule is None:
            return [draft.problem]
        language = self._forge.language
        if rule.engine is Engine.AST_GREP and name_of(rule.language) != name_of(language):
            return [f"language: the examples are {language}"]
        candidate = _candidate(rule)
        if candidate.body in [*(one.candidate.body for one in self._forge.view().books), *self._taken]:
            return []
        given = self._forge.samples.examples()
        own = [one for one in self._tests if not self._is_known(one)]
        judged = await _judged(candidate, [*given, *own], gate)
        if judged.problem:
            return [clean_line(judged.problem)[:400]]
        of_person, of_agent = judged.verdicts[: len(given)], judged.verdicts[len(given) :]
        wrong = missed(of_person)
        if wrong or (not is_last and not all(one.is_right for one in of_agent)):
            return [*wrong, *missed(of_agent, "your own")]
        self._taken.append(candidate.body)
        self._show(candidate, rule.note, of_agent)
        return []

    def _show(self, candidate: Candidate, note: str, own: Sequence[Verdict]) -> None:
        assert self.view is not None
        kept = tuple(one.example for one in own if one.is_right)
        note = clean_line(note)[:600]
        by = self.view.agent
        self._forge.take(Book(number=0, candidate=candidate, text="", source="agent", by=by, note=note, own=kept))
        self.view = self.view.model_copy(update={"drafted": self._drafted + 1})

    def _is_known(self, test: Example) -> bool:
        """Return whether the person's examples hold the same code, as the same or as the opposite."""
        return any(one.text.strip() == test.text.strip() for one in self._forge.samples.examples())

    @property
    def _drafted(self) -> int:
        return self.view.drafted if self.view is not None else 0

    def _outcome(self) -> str:
        drafted = "1 candidate" if self._drafted == 1 else f"{self._drafted or 'no'} candidates"
        if not self._failed:
            return drafted
        return f"{drafted}; {len(self._failed)} did not prove: {self._failed[0].splitlines()[0]}"

    # --- what it tells

    def _ready(self, said: AgentReady) -> None:
        if self.view is not None:
            self.view = self.view.model_copy(update={"model": clean_line(said.model), "is_scripted": said.scripted})
            self._forge.changed()

    def _tell(self, says: str) -> None:
        if self.view is not None:
            self.view = self.view.model_copy(update={"says": says})
            self._forge.changed()

    def _over(self, says: str, *, is_bad: bool = False) -> None:
        if self.view is not None and self.view.until is None:
            update = {"says": clean_line(says)[:400], "is_bad": is_bad, "until": self._services.clock.now()}
            self.view = self.view.model_copy(update=update)
            self._forge.changed()


def _candidate(rule: Rule) -> Candidate:
    says = clean_line(rule.message)[:200] or clean_line(rule.id)
    language = name_of(rule.language) if rule.engine is Engine.AST_GREP else ""
    return Candidate(engine=rule.engine, language=language, body=rule.body, files=rule.files, says=says)


async def _judged(candidate: Candidate, examples: Sequence[Example], gate: Gate) -> Judged:
    found: list[Judged] = []

    def tell(news: News) -> None:
        if isinstance(news, Judged):
            found.append(news)

    await gate.judge(Question([candidate], examples), tell)
    return found[0]
