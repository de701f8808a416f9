"""One open forge: examples from where a person pointed, candidates for a rule, and what the gate says of them.

All work is done in one task that whoever opened the forge lets run (`Forge.run`). Commands only leave orders and
return; what comes of them is seen by following the forge.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from cockpit.providers.git import GitError
from cockpit.providers.git.run import Git
from cockpit.providers.text import clean_line
from cockpit.rules.repo.places import examples_file, invariant_file, rule_file
from cockpit.rules.repo.reading import read_files, read_rule, read_rules
from cockpit.rules.runtime.gate import Gate, Question, language_of
from cockpit.rules.runtime.history import History
from cockpit.rules.runtime.tree_scan import Tree
from cockpit.rules.service.gate import examples_of
from cockpit.rules.service.offence import Wording, name_for, rule_text, tests_text
from cockpit.rules.service.synthesis.ranking import SHOWN
from cockpit.rules.service.templates import templates
from cockpit.rules.types import Engine, Example, ExampleKind, Rule
from cockpit.rules.types.errors import RuleFileError, RulesError
from cockpit.rules.types.forge import Candidate, News, Pair
from cockpit.rules.types.forging import Book, ForgeView, Offence, Placed, Progress
from cockpit.supervisor.forge_books import TREE, Books
from cockpit.supervisor.forge_examples import pair_of
from cockpit.supervisor.forge_sessions import Workspaces
from cockpit.supervisor.services import Services

DEBOUNCE_S = 0.12
"""How long a person must have stopped typing before a rule is tried."""
FOLLOW_S = 20.0
"""How long a follower waits for news before it is told that there is none."""
COMMITS = 200
_LONGEST_EXAMPLE = 390
"""A hit's text is cut beyond this many characters, and half a statement is no example."""


class ForgeRefused(Exception):
    """What was asked of a forge cannot be done; the message says why."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a person said about a hit."""

    number: int
    """The candidate whose hit it is."""
    placed: Placed
    mark: Literal["fine", "also_bad"]


class Forge:
    """Made for one person; `run` works until it is cancelled."""

    def __init__(self, forge: str, services: Services, offences: Sequence[Offence], person: str) -> None:
        self.id = forge
        self.services, self.offences, self.person = services, tuple(offences), person
        self.followed_at = services.clock.now()
        self._books = Books()
        self._pairs: list[Pair] = []
        self._fine: list[str] = []
        self._others: tuple[Rule, ...] = ()
        self._language = ""
        self._name = "new-rule"
        self._progress = Progress.GATHERING
        self._version = itertools.count(1)
        self._is_at = 0
        self._news = asyncio.Event()
        self._due: set[int] = set()
        self._marks: list[Mark] = []
        self._fix = ""
        self._order = asyncio.Event()

    # --- what a person does

    async def follow(self, after: int) -> ForgeView:
        """Return the forge as soon as it is newer than version `after`, or as it is after a while."""
        self.followed_at = self.services.clock.now()
        try:
            async with asyncio.timeout(FOLLOW_S):
                while self._is_at <= after:
                    await self._news.wait()
        except TimeoutError:
            pass
        return self.view()

    def rework(self, number: int, text: str) -> int:
        """Take a rule as a person wrote it, beside the candidate that it was made from; return its number.

        Raises:
            RuleFileError: it is no rule; the line is told where one is to blame.
        """
        rule = self._read(text)
        says = clean_line(rule.message)[:200] or "written by hand"
        candidate = Candidate(engine=rule.engine, language=rule.language, body=rule.body, files=rule.files, says=says)
        book = Book(number=0, candidate=candidate, text=text, source="person")
        known = self._books.get(number)
        if known is not None and known.source == "person":
            self._books.replace(number, book)
        else:
            number = self._books.add(book, beside=number)
        self._name = rule.id
        self._wanted([number])
        return number

    def mark(self, number: int, place: int, mark: Literal["fine", "also_bad"]) -> None:
        """Say of the hit at a place of a candidate's list that it is fine, or bad as well.

        Raises:
            ForgeRefused: there is no such hit, or it cannot be an example.
        """
        book = self._books.get(number)
        if book is None or not 0 <= place < len(book.hits):
            raise ForgeRefused("This hit is not listed any more.")
        placed = book.hits[place]
        if len(placed.hit.text) > _LONGEST_EXAMPLE:
            raise ForgeRefused("This hit is too long to be an example.")
        self._marks.append(Mark(number, placed, mark))
        self._order.set()

    def give_fix(self, text: str) -> None:
        """Take how the first bad example should be; the candidates are made anew. Raises `ForgeRefused`."""
        if not self._pairs:
            raise ForgeRefused("There is no bad example that this could be the fix of.")
        if text.strip() == self._pairs[0].bad.strip():
            raise ForgeRefused("This is the bad example.")
        self._fix = text
        self._order.set()

    def file_of(self, number: int) -> dict[str, str]:
        """Return a candidate as the files to be written: path, and text. Raises `ForgeRefused`."""
        book = self._books.get(number)
        if book is None:
            raise ForgeRefused("There is no such candidate.")
        try:
            rule = self._read(book.text)
        except RuleFileError as error:
            raise ForgeRefused(f"The rule cannot be read: {error}.") from error
        if rule.engine is not Engine.AST_GREP:
            return {invariant_file(rule.id): book.text}
        return {rule_file(rule.id): book.text, examples_file(rule.id): tests_text(self._wording(rule.id))}

    def view(self) -> ForgeView:
        """Return it as a screen shows it."""
        return ForgeView(
            id=self.id,
            name=self._name,
            message=self._message,
            remedy=self._remedy,
            language=self._language,
            pairs=tuple(self._pairs),
            fine=tuple(self._fine),
            books=self._books.all(),
            progress=self._progress,
            commits=self._books.commits,
            problems=tuple(self._books.problems),
            version=self._is_at,
        )

    # --- the work

    async def run(self) -> None:
        """Gather, then carry out orders as they come."""
        async with Gate(self.services.paths.state / "forge-cache") as gate:
            try:
                await self._gather(gate)
            except (RulesError, GitError) as error:
                self._books.problem(str(error))
                self._changed()
            while True:
                await self._order.wait()
                await asyncio.sleep(DEBOUNCE_S)
                self._order.clear()
                await self._unless_ordered(self._work(gate))

    async def _unless_ordered(self, work: Coroutine[Any, Any, None]) -> None:
        """Work on; a new order ends what is under way, and what was not finished stays due."""
        working = asyncio.create_task(work)
        ordered = asyncio.create_task(self._order.wait())
        try:
            await asyncio.wait([working, ordered], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ordered.cancel()
            working.cancel()
            await asyncio.wait([working, ordered])
        if not working.cancelled():
            try:
                working.result()
            except* (RulesError, GitError) as errors:  # the workshop could not be started, or a rule could not be read
                self._books.problem(str(errors.exceptions[0]))
                self._changed()

    async def _work(self, gate: Gate) -> None:
        if self._fix:
            self._pairs[0] = self._pairs[0].model_copy(update={"good": self._fix})
            made = [book.number for book in self._books.all() if book.source != "person"]
            self._books.drop(made)
            await self._propose(gate)
            self._fix = ""
        while self._marks:
            await self._remake(gate, self._marks[0])
            self._marks.pop(0)
        if due := sorted(number for number in self._due if self._books.get(number) is not None):
            await self._judge(gate, due)
        self._due.clear()

    async def _gather(self, gate: Gate) -> None:
        services = self.services
        sessions = services.record.state.sessions
        pairs = [await pair_of(one, sessions.get(one.session), services.repository) for one in self.offences]
        self._pairs = list(dict.fromkeys(pair for pair in pairs if pair is not None))
        self._language = next(filter(None, (language_of(pair.path) for pair in self._pairs)), "")
        known = await asyncio.to_thread(lambda: read_rules(read_files(services.repository.root)))
        self._others = known.rules
        about = self._message or next((pair.bad.split("\n")[0] for pair in self._pairs), "")
        self._name = name_for(about, self.offences[0].code, {rule.id for rule in known.rules})
        if not self._pairs:
            self._books.problem("There is no code here to make a rule of: write it by hand.")
        self._changed()
        await self._propose(gate)

    async def _propose(self, gate: Gate) -> None:
        """Make the first candidates: at once from the examples, then in the order that the tree speaks for."""
        found = await gate.proposals(self._pairs, self._language) if self._language and self._pairs else []
        others = templates(self._pairs)
        first = await gate.ranked(found, self._language)
        numbers = self._add([*map(self._candidate, first), *others][:SHOWN])
        if len(found) > SHOWN and self._tree is not None:
            await self._examples_only(gate, numbers)
            ranked = await gate.ranked(found, self._language, self._tree)
            if ranked != first and not self._marks and not any(one.source == "person" for one in self._books.all()):
                self._books.drop(numbers)
                numbers = self._add([*map(self._candidate, ranked), *others][:SHOWN])
        self._wanted(numbers)

    def _candidate(self, proposal: object) -> Candidate:
        body, says, score = (getattr(proposal, name) for name in ("body", "says", "score"))
        return Candidate(language=self._language, body=body, says=says, score=score)

    def _add(self, candidates: Sequence[Candidate], *, beside: int | None = None) -> list[int]:
        numbers = []
        for candidate in candidates:
            text = rule_text(candidate, self._wording(self._name))
            source: Literal["made", "mark"] = "made" if beside is None else "mark"
            book = Book(number=0, candidate=candidate, text=text, source=source)
            numbers.append(self._books.add(book, beside=beside))
        self._changed()
        return numbers

    async def _remake(self, gate: Gate, mark: Mark) -> None:
        """Take a hit as an example, and put the best new candidate beside the one that hit it."""
        text, path = mark.placed.hit.text, mark.placed.hit.path
        if mark.mark == "fine" and text not in self._fine:
            self._fine.append(text)
        elif mark.mark == "also_bad" and all(pair.bad != text for pair in self._pairs):
            self._pairs.append(Pair(bad=text, path=path))
        numbers = [book.number for book in self._books.all()]
        if self._language:
            try:
                found = await gate.proposals(self._pairs, self._language, self._fine)
            except RulesError as error:
                self._books.problem(str(error))
                found = []
            known = [book.candidate.body for book in self._books.all()]
            new = [self._candidate(one) for one in await gate.ranked(found, self._language, self._tree)]
            new = [one for one in new if one.body not in known][:1]
            if not new:
                self._books.problem("No other rule keeps all examples apart: change one by hand.")
            numbers += self._add(new, beside=mark.number)
        self._wanted(numbers)

    async def _judge(self, gate: Gate, numbers: Sequence[int]) -> None:
        self._progress = Progress.JUDGING
        self._books.begin(numbers)
        trees = [self._tree] if self._tree is not None else []
        question = Question(
            self._books.candidates(numbers), self._examples(), self._others, trees, await self._history()
        )
        workspaces = Workspaces(self.services, self._books)

        def tell(news: News) -> None:
            self._books.take(news, numbers)
            self._changed()

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(gate.judge(question, tell))
            tasks.create_task(workspaces.look(gate, numbers, self._changed))
        self._books.judged(numbers)
        root = self.services.repository.root
        self._books.illustrated(await asyncio.to_thread(self._books.illustrate, root))
        self._progress = Progress.JUDGED
        self._changed()

    async def _examples_only(self, gate: Gate, numbers: Sequence[int]) -> None:
        question = Question(self._books.candidates(numbers), self._examples())

        def tell(news: News) -> None:
            self._books.take(news, numbers)
            self._changed()

        await gate.judge(question, tell)

    def _examples(self) -> list[Example]:
        return [*examples_of(self._pairs), *(Example(kind=ExampleKind.GOOD, text=text) for text in self._fine)]

    async def _history(self) -> History | None:
        repository = self.services.repository
        target = self.services.record.state.target
        tip = await repository.branch_tip(target) if target else None
        return History(Git(repository.places.owned), tip, COMMITS) if tip is not None else None

    # --- what it says

    @property
    def _tree(self) -> Tree | None:
        repository = self.services.repository
        return None if repository.is_bare else Tree(TREE, repository.root)

    @property
    def _message(self) -> str:
        return next((clean_line(one.said)[:300] for one in self.offences if one.said.strip()), "")

    @property
    def _remedy(self) -> str:
        return next((clean_line(one.remedy)[:600] for one in self.offences if one.remedy.strip()), "")

    def _wording(self, name: str) -> Wording:
        at = datetime.fromtimestamp(self.services.clock.now(), UTC).isoformat(timespec="seconds")
        origin: list[dict[str, str]] = []
        for one in self.offences:
            said = {"kind": one.kind.value, "session": str(one.session), "at": at, "who": self.person}
            said["quote"] = clean_line(one.said)[:300]
            origin.append({key: value for key, value in said.items() if value})
        metadata = {"state": "block", "origin": origin}
        return Wording(name, self._message, self._remedy, metadata, self._pairs, self._fine)

    def _read(self, text: str) -> Rule:
        is_other = any(line.startswith("engine:") for line in text.split("\n"))
        return read_rule(text, invariant_file("draft") if is_other else rule_file("draft"))

    def _wanted(self, numbers: Sequence[int]) -> None:
        self._due.update(numbers)
        self._order.set()
        self._progress = Progress.JUDGING
        self._changed()

    def _changed(self) -> None:
        self._is_at = next(self._version)
        self._news.set()
        self._news = asyncio.Event()
