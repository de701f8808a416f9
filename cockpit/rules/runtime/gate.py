"""The gate: what a rule would do, shown before it is one. Everything is told as it is found; cancel the task to stop.

Examples first (milliseconds, in the workshop), then trees and history side by side. Nothing here blocks the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from cockpit.rules.runtime.history import History, look_back
from cockpit.rules.runtime.other_engines import BY_FILE, UNTRIED, hits_by_file, verdicts
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.runtime.tree_scan import Tree, scan_tree
from cockpit.rules.runtime.workshop import Workshop, WorkshopError
from cockpit.rules.service.baseline import snippet
from cockpit.rules.service.gate import as_rule, breadth, conflict, good_examples, verdict
from cockpit.rules.service.scope import is_meant
from cockpit.rules.service.synthesis.languages import LANGUAGE_OF_SUFFIX
from cockpit.rules.service.synthesis.ranking import Seen, chosen, shortlist
from cockpit.rules.service.synthesis.workpiece import Proposal
from cockpit.rules.types import Engine, Example, Hit, Rule, RuleId, RuleSet
from cockpit.rules.types.errors import RulesError
from cockpit.rules.types.forge import Candidate, Judged, News, Pair, Struck, TreeDone, Uncounted

MOST_PROPOSALS = 60
_IN_PROCESS = ("rule", "constraints", "utils")

Tell = Callable[[News], None]


@dataclass(frozen=True, slots=True)
class Question:
    """What the gate is asked: these candidates, held against these examples, in these places."""

    candidates: Sequence[Candidate]
    examples: Sequence[Example]
    others: Sequence[Rule] = ()
    """The repository's rules, whose good examples must stay good."""
    trees: Sequence[Tree] = ()
    history: History | None = None


@dataclass(slots=True)
class Gate:
    """Judges candidates. An async context manager; one for a forge, kept warm while it is open."""

    folder: Path
    """Where other engines keep what they know of files; a cache."""
    _workshop: Workshop = field(default_factory=Workshop)

    async def __aenter__(self) -> Gate:
        """Open the workshop."""
        await self._workshop.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self._workshop.__aexit__(kind, error, trace)

    async def warm_up(self) -> None:
        """Have everything ready before the first key press."""
        await self._workshop.warm_up()

    async def proposals(self, pairs: Sequence[Pair], language: str, false_alarms: Sequence[str] = ()) -> list[Proposal]:
        """Return the rules that the examples allow, the most plausible first; `propose_on` puts them to a tree.

        Raises:
            WorkshopError: the parser cannot take the examples.
        """
        given = {
            "pairs": [pair.model_dump() for pair in pairs],
            "language": language,
            "others": list(false_alarms),
            "most": MOST_PROPOSALS,
        }
        return shortlist([Proposal(**one) for one in await self._workshop.call("propose", given)])

    async def ranked(self, proposals: Sequence[Proposal], language: str, tree: Tree | None = None) -> list[Proposal]:
        """Return those to show, best first: different from each other, and judged by what they hit in the tree."""
        if tree is None or not proposals:
            return chosen(proposals)
        candidates = [Candidate(language=language, body=one.body, says=one.says) for one in proposals]
        found: list[set[object]] = [set() for _ in candidates]

        def take(news: News) -> None:
            if isinstance(news, Struck):
                found[news.candidate] |= {(hit.path, hit.line) for hit in news.hits}

        done = await scan_tree(candidates, tree, take)
        lines = await asyncio.to_thread(tree.lines_of, language)
        return chosen(proposals, [Seen(frozenset(one), is_cut=done.is_cut) for one in found], lines)

    async def judge(self, question: Question, tell: Tell) -> None:
        """Judge candidates and tell what is found, examples first; returns when all was looked at.

        A place that cannot be looked at is told as a problem of that place, never taken for silence.
        """
        await self._examples(question, tell)
        await self._conflicts(question, tell)
        async with asyncio.TaskGroup() as tasks:
            for tree in question.trees:
                tasks.create_task(self._tree(question.candidates, tree, tell))
            if question.history is not None:
                tasks.create_task(look_back(question.candidates, question.history, self._hits_in, self.folder, tell))

    async def hits_in(self, candidate: Candidate, texts: Sequence[str]) -> list[tuple[int, Hit]]:
        """Return what an ast-grep candidate hits in texts, each hit with the place of its text.

        Raises:
            WorkshopError: it is no rule that ast-grep takes, or the parser fell over it.
        """
        return (await self._hits_in([candidate], texts))[0]

    async def outlines(self, texts: Sequence[str], language: str) -> list[str]:
        """Return the syntax trees of texts in words. Raises `WorkshopError`."""
        answer: list[str] = await self._workshop.call("outlines", {"texts": list(texts), "language": language})
        return answer

    async def _hits_in(self, candidates: Sequence[Candidate], texts: Sequence[str]) -> list[list[tuple[int, Hit]]]:
        given = {
            "language": candidates[0].language,
            "texts": list(texts),
            "bodies": [{key: one.body[key] for key in _IN_PROCESS if key in one.body} for one in candidates],
        }
        answers: list[list[dict[str, Any]]] = await self._workshop.call("hits", given)
        found = []
        for number, answer in enumerate(answers):
            if answer and "problem" in answer[0]:
                raise WorkshopError(str(answer[0]["problem"]))
            rule = RuleId(f"candidate-{number}")
            found.append([(one.pop("text_number"), Hit(rule=rule, **one)) for one in answer])
        return found

    async def _examples(self, question: Question, tell: Tell) -> None:
        for number, candidate in enumerate(question.candidates):
            try:
                if candidate.engine is Engine.AST_GREP:
                    hits = await self.hits_in(candidate, [example.text for example in question.examples])
                    found = [[hit for at, hit in hits if at == place] for place in range(len(question.examples))]
                    judged = tuple(map(verdict, question.examples, found))
                else:
                    judged = await verdicts(self.folder, candidate, question.examples)
            except RulesError as error:
                tell(Judged(candidate=number, problem=str(error)))
            else:
                tell(Judged(candidate=number, verdicts=judged))

    async def _conflicts(self, question: Question, tell: Tell) -> None:
        for number, candidate in enumerate(question.candidates):
            goods = good_examples(question.others, candidate.language)
            if not goods:
                continue
            texts = [
                (example.path or _named(candidate, place), example.text) for place, (_, example) in enumerate(goods)
            ]
            try:
                if candidate.engine is Engine.AST_GREP:
                    hits = await self.hits_in(candidate, [text for _, text in texts])
                elif candidate.engine in BY_FILE:
                    by_file = await hits_by_file(self.folder, candidate, texts)
                    hits = [(place, hit) for place, found in by_file.items() for hit in found]
                else:
                    continue
            except RulesError:
                continue  # told with the examples already
            for place, (rule, _) in enumerate(goods):
                if hit := next((hit for at, hit in hits if at == place), None):
                    tell(conflict(number, rule, hit))

    async def _tree(self, candidates: Sequence[Candidate], tree: Tree, tell: Tell) -> None:
        ours = [one.engine is Engine.AST_GREP for one in candidates]
        counts = [0] * len(candidates)
        done = TreeDone(tree=tree.name, counts=tuple(counts))

        def take(news: News) -> None:
            if isinstance(news, Struck) and not news.is_outside:
                counts[news.candidate] += len(news.hits)
            tell(news)

        try:
            if any(ours):
                done = await scan_tree(candidates, tree, take)
            if not all(ours):
                await self._other_engines(candidates, tree, take)
        except RulesError as error:
            done = done.model_copy(update={"problem": str(error)})
        done = done.model_copy(update={"counts": tuple(counts)})
        await self._doubts(candidates, tree, done, tell)
        tell(done)

    async def _doubts(self, candidates: Sequence[Candidate], tree: Tree, done: TreeDone, tell: Tell) -> None:
        lines = {name: await asyncio.to_thread(tree.lines_of, name) for name in {one.language for one in candidates}}
        for number, candidate in enumerate(candidates):
            is_cut = done.is_cut and done.counts[number] == max(done.counts)
            if doubt := breadth(number, done.counts[number], lines[candidate.language], is_cut=is_cut):
                tell(doubt)

    async def _other_engines(self, candidates: Sequence[Candidate], tree: Tree, tell: Tell) -> None:
        """Look through a tree without their `files`, so that what these leave out can be told as well."""
        for number, one in enumerate(candidates):
            if one.engine in UNTRIED:
                why = "a command is not run here" if one.engine is Engine.COMMAND else "no agent is asked here"
                tell(Uncounted(candidate=number, where=tree.name, why=why))
        rules = [as_rule(one, n) for n, one in enumerate(candidates) if one.engine not in (Engine.AST_GREP, *UNTRIED)]
        if not rules:
            return
        wide = [one.model_copy(update={"files": (), "ignores": ()}) if _is_by_file(one) else one for one in rules]
        sources = await asyncio.to_thread(lambda: Sources(tree.root, tree.files()))
        scan = await Scanner(self.folder).scan(RuleSet(rules=tuple(wide)), sources)
        for rule in rules:
            number = int(rule.id.rpartition("-")[2])
            hits = [hit for hit in scan.hits if hit.rule == rule.id]
            inside = [hit for hit in hits if not hit.path or is_meant(candidates[number], hit.path)]
            outside = tuple(hit for hit in hits if hit not in inside)
            if inside:
                marks = tuple(map(snippet, inside))
                tell(Struck(candidate=number, tree=tree.name, hits=tuple(inside), marks=marks))
            if outside:
                tell(Struck(candidate=number, tree=tree.name, hits=outside, is_outside=True))
        if scan.problems:
            raise WorkshopError(scan.problems[0].message)


def language_of(path: str) -> str:
    """Return the language of a file by its name; empty: none that ast-grep reads."""
    return LANGUAGE_OF_SUFFIX.get(Path(path).suffix.lower(), "")


def _is_by_file(rule: Rule) -> bool:
    return rule.engine in BY_FILE


def _named(candidate: Candidate, number: int) -> str:
    """Return a path for code that has none, in which the candidate's language is known by its ending."""
    ending = next((suffix for suffix, name in LANGUAGE_OF_SUFFIX.items() if name == candidate.language), ".py")
    return f"example{number}{ending}"
