"""One open forge: examples from where a person pointed, candidates for a rule, and what the gate says of them.

All work is done in one task that whoever opened the forge lets run (`Forge.run`). Commands only leave orders and
return; what comes of them is seen by following the forge.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cockpit.providers.git import GitError
from cockpit.providers.text import clean_line
from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.runtime.gate import Gate
from cockpit.rules.runtime.other_engines import UNTRIED
from cockpit.rules.service.offence import name_for, rule_text
from cockpit.rules.service.scope import left_out, scopes_of
from cockpit.rules.service.selection import selected
from cockpit.rules.service.synthesis.ranking import SHOWN
from cockpit.rules.service.templates import templates
from cockpit.rules.types import Engine, ExampleKind, Rule
from cockpit.rules.types.errors import RulesError
from cockpit.rules.types.forge import Candidate
from cockpit.rules.types.forging import Book, ForgeView, Offence, Placed, Progress
from cockpit.supervisor.forge.books import Books
from cockpit.supervisor.forge.drafts import Drafts
from cockpit.supervisor.forge.evidence import remembered
from cockpit.supervisor.forge.examples import pair_of
from cockpit.supervisor.forge.judging import Judging
from cockpit.supervisor.forge.language import spoken
from cockpit.supervisor.forge.orders import Orders
from cockpit.supervisor.forge.samples import ForgeRefused, Samples
from cockpit.supervisor.forge.words import Words, advice_for, read
from cockpit.supervisor.services import Services

FOLLOW_S = 20.0
"""How long a follower waits for news before it is told that there is none."""
_LONGEST_EXAMPLE = 390
"""A hit's text is cut beyond this many characters, and half a statement is no example."""


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
        self.over = asyncio.Event()
        self.samples = Samples()
        self.typed = ""
        """What was written by hand last; it may be no rule yet."""
        self.is_draft = False
        self.words = Words(self)
        self._books = Books()
        self._judging = Judging(services, self._books, self.changed)
        self.others: tuple[Rule, ...] = ()
        self.language = ""
        self.name = "new-rule"
        self._progress = Progress.GATHERING
        self._version = itertools.count(1)
        self._is_at = 0
        self._news = asyncio.Event()
        self._due: set[int] = set()
        self._marks: list[Mark] = []
        self._is_anew = False
        self._orders = Orders()
        self.drafts = Drafts(self)
        self._drafted: list[Book] = []

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
        self.typed = text
        rule = read(text)
        says = clean_line(rule.message)[:200] or "written by hand"
        candidate = Candidate(
            engine=rule.engine,
            language=rule.language,
            body=rule.body,
            files=rule.files,
            ignores=rule.ignores,
            examples=rule.examples,
            says=says,
        )
        book = Book(number=0, candidate=candidate, text=text, source="person", is_untried=rule.engine in UNTRIED)
        known = self._books.get(number)
        if known is not None and known.source == "person":
            self._books.replace(number, book)
        else:
            number = self._books.add(book, beside=number)
        self.name = rule.id
        self._wanted([number])
        return number

    def mark(self, number: int, place: int, mark: Literal["fine", "also_bad"], seen: str = "") -> None:
        """Say of the hit at a place of a candidate's list that it is fine, or bad as well.

        Args:
            number: the candidate.
            place: in its list, which may have become another one meanwhile.
            mark: what is said.
            seen: the code that the person saw there; empty: whatever is there.

        Raises:
            ForgeRefused: there is no such hit, or it cannot be an example.
        """
        book = self._books.get(number)
        hits = book.hits if book is not None else ()
        listed = [*hits[place : place + 1], *hits]
        placed = next((one for one in listed if not seen or one.hit.text == seen), None)
        if placed is None or (not seen and place >= len(hits)):
            raise ForgeRefused("This hit is not listed any more.")
        if len(placed.hit.text) > _LONGEST_EXAMPLE:
            raise ForgeRefused("This hit is too long to be an example.")
        self._marks.append(Mark(number, placed, mark))
        self._orders.give()

    def give_fix(self, text: str) -> None:
        """Take how the first bad example should be; the candidates are made anew. Raises `ForgeRefused`."""
        self.samples.give_fix(text)
        self._begin_anew()

    def change_example(
        self, do: Literal["put", "remove", "switch"], place: int | None, kind: ExampleKind, text: str
    ) -> None:
        """Put, remove or switch an example; the candidates are made anew. Raises `ForgeRefused`."""
        self.samples.change(do, place, kind, text)
        self._begin_anew()

    def set_scope(self, number: int, step: int) -> tuple[str, ...]:
        """Let a candidate look at fewer files (`step` -1) or more; return its globs. Raises `ForgeRefused`."""
        book, scopes = self._books.get(number), self._scopes
        if book is None:
            raise ForgeRefused("There is no such candidate.")
        if book.source == "person" or book.scope < 0:
            raise ForgeRefused("Where this one looks stands in its `files` and `ignores`: write it there.")
        if len(scopes) < 2:
            raise ForgeRefused("The examples' paths suggest no narrower place.")
        at = (book.scope + step) % len(scopes)
        candidate = book.candidate.model_copy(update={"files": scopes[at]})
        text = rule_text(candidate, self.words.wording_of(book))
        self._books.replace(number, book.model_copy(update={"candidate": candidate, "text": text, "scope": at}))
        self._wanted([number])
        return scopes[at]

    def book(self, number: int) -> Book:
        """Return a candidate's book. Raises `ForgeRefused`."""
        book = self._books.get(number)
        if book is None:
            raise ForgeRefused("There is no such candidate.")
        return book

    def marks_of(self, number: int) -> Counter[tuple[str, str]] | None:
        """Return what a candidate hits in the checkout; None: it was not looked through to its end."""
        return self._books.marks_of(number) if self.book(number).is_judged else None

    def view(self) -> ForgeView:
        """Return it as a screen shows it."""
        return ForgeView(
            id=self.id,
            name=self.name,
            message=self.words.message,
            remedy=self.words.remedy,
            language=self.language,
            pairs=tuple(self.samples.pairs),
            fine=tuple(self.samples.fine),
            examples=self.samples.listed(),
            scopes=tuple(self._scopes),
            advice=advice_for(self.offences, self.samples.pairs),
            draft=self.typed,
            is_draft=self.is_draft,
            books=self._books.all(),
            progress=self._progress,
            commits=self._books.commits,
            problems=tuple(self._books.problems),
            drafting=self.drafts.view,
            version=self._is_at,
        )

    # --- the work

    async def run(self, gate: Gate) -> None:
        """Gather, then carry out orders as they come; an agent drafts beside it, where one is to."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.drafts.run(gate))
            try:
                await self._gather(gate)
            except (RulesError, GitError) as error:
                self._failed(str(error))
            await self._orders.carry_out(lambda: self._work(gate), self._failed)

    def take(self, drafted: Book) -> None:
        """Put a candidate that an agent drafted behind the others, when nothing is under way that it would disturb."""
        self._drafted.append(drafted)
        self._orders.leave()

    def _failed(self, why: str) -> None:
        self._books.problem(why)
        self.changed()

    async def _work(self, gate: Gate) -> None:
        if self._is_anew:
            self._books.drop([book.number for book in self._books.all() if book.source in ("made", "mark")])
            self._due.update(book.number for book in self._books.all())
            self.drafts.begin()
            await self._propose(gate)
            self._is_anew = False
        while self._marks:
            await self._remake(gate, self._marks[0])
            self._marks.pop(0)
        while self._drafted:
            self._due.update(self._add([self._drafted[0].candidate], drafted=self._drafted.pop(0)))
        if due := sorted(number for number in self._due if self._books.get(number) is not None):
            await self._judge(gate, due)
        elif not self._books.all():
            self._progress = Progress.JUDGED
            self.changed()
        self._due.clear()

    async def _gather(self, gate: Gate) -> None:
        services = self.services
        sessions = services.record.state.sessions
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(gate.warm_up())
            reading = tasks.create_task(asyncio.to_thread(lambda: read_rules(read_files(services.repository.root))))
            recalling = tasks.create_task(remembered(self.offences, services, self.person))
            if not self.samples.is_touched:
                pairs = [await pair_of(one, sessions.get(one.session), services.repository) for one in self.offences]
                pairs += [await pair_of(one, None, services.repository) for one in await recalling]
                self.samples.found(pair for pair in pairs if pair is not None)
        self.others = reading.result().rules
        self.language = await spoken(self.samples.pairs, self.offences, services)
        if self.name == "new-rule":
            about = self.words.message or next((pair.bad.split("\n")[0] for pair in self.samples.pairs), "")
            self.name = name_for(about, self.offences[0].code, {rule.id for rule in self.others})
        if not self.samples.pairs:
            self._books.problem("There is no code here to make a rule of: give examples, or write it by hand.")
        self.changed()
        self.drafts.begin()
        await self._propose(gate)

    async def _propose(self, gate: Gate) -> None:
        """Make the first candidates: at once from the examples, then in the order that the tree speaks for."""
        pairs, language = self.samples.pairs, self.language
        found = await gate.proposals(pairs, language, self.samples.fine) if language and pairs else []
        others = templates(pairs)
        first = await gate.ranked(found, language)
        numbers = self._add(selected([self._candidate(one) for one in first], others))
        await self._judging.examples(gate, numbers, self.samples.examples())
        if len(found) > SHOWN and self._judging.tree is not None:
            ranked = await gate.ranked(found, language, self._judging.tree)
            if ranked != first and not self._marks and not any(one.source == "person" for one in self._books.all()):
                self._books.drop(numbers)
                numbers = self._add(selected([self._candidate(one) for one in ranked], others))
        self._wanted(numbers)

    def _candidate(self, proposal: object) -> Candidate:
        body, says, score = (getattr(proposal, name) for name in ("body", "says", "score"))
        return Candidate(language=self.language, body=body, says=says, score=score)

    def _add(
        self, candidates: Sequence[Candidate], *, beside: int | None = None, drafted: Book | None = None
    ) -> list[int]:
        numbers = []
        like = self._books.get(beside) if beside is not None else None
        for one in candidates:
            candidate, scope = one, -1
            if not one.files and one.engine not in (Engine.LAYERS, Engine.PATH):
                scope = like.scope if like is not None and like.scope >= 0 else len(self._scopes) - 1
                aside = left_out([pair.path for pair in self.samples.pairs], self.language)
                candidate = one.model_copy(update={"files": self._scopes[scope], "ignores": aside})
            made = drafted or Book(number=0, candidate=one, text="", source="made" if beside is None else "mark")
            text = rule_text(candidate, self.words.wording_of(made))
            book = made.model_copy(update={"candidate": candidate, "text": text, "scope": scope})
            numbers.append(self._books.add(book, beside=beside))
        self.changed()
        return numbers

    async def _remake(self, gate: Gate, mark: Mark) -> None:
        """Take a hit as an example, and put the best new candidate beside the one that hit it."""
        self.samples.mark(mark.placed.hit.text, mark.placed.hit.path, is_bad=mark.mark == "also_bad")
        numbers = [book.number for book in self._books.all()]
        if self.language:
            try:
                found = await gate.proposals(self.samples.pairs, self.language, self.samples.fine)
            except RulesError as error:
                self._books.problem(str(error))
                found = []
            known = [book.candidate.body for book in self._books.all()]
            new = [self._candidate(one) for one in await gate.ranked(found, self.language, self._judging.tree)]
            new = [one for one in [*new, *map(self._candidate, found)] if one.body not in known][:1]
            if not new:
                why = "Nothing more keeps all examples apart than what is here" if found else "No pattern does"
                self._books.problem(f"{why}: change one by hand, or the examples.")
            numbers += self._add(new, beside=mark.number)
        self._wanted(numbers)

    async def _judge(self, gate: Gate, numbers: Sequence[int]) -> None:
        self._progress = Progress.JUDGING
        await self._judging.everything(gate, numbers, self.samples.examples(), self.others)
        self._progress = Progress.JUDGED
        self.changed()

    @property
    def _scopes(self) -> list[tuple[str, ...]]:
        return scopes_of(pair.path for pair in self.samples.pairs)

    def _begin_anew(self) -> None:
        self._is_anew = True
        self._orders.give()
        self._progress = Progress.JUDGING
        self.changed()

    def _wanted(self, numbers: Sequence[int]) -> None:
        self._due.update(numbers)
        self._orders.give()
        self._progress = Progress.JUDGING
        self.changed()

    def changed(self) -> None:
        """Tell whoever follows it."""
        self._is_at = next(self._version)
        self._news.set()
        self._news = asyncio.Event()
