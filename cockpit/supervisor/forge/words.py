"""What a forge's rules say besides what they look for, and the files that they become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cockpit.providers.text import clean_line
from cockpit.rules.repo.documents import with_value
from cockpit.rules.repo.places import examples_file, invariant_file, rule_file
from cockpit.rules.repo.reading import read_rule
from cockpit.rules.repo.writing import with_state
from cockpit.rules.service.offence import Wording, rule_text, tests_text
from cockpit.rules.service.templates import SKELETONS
from cockpit.rules.types import Engine, ExampleKind, Rule, RuleState
from cockpit.rules.types.errors import RuleFileError
from cockpit.rules.types.forge import Candidate, Pair
from cockpit.rules.types.forging import Book, Offence, Pointed
from cockpit.supervisor.forge.baseline import baseline_for
from cockpit.supervisor.forge.samples import ForgeRefused

if TYPE_CHECKING:
    from cockpit.supervisor.forge.forge import Forge

_SAY = "Say here what is wrong, and why."
"""Message of a rule that is begun by hand where nothing was said yet."""
_POLICY = (
    "What an agent may run is decided by the approval policy, which is asked before it happens; "
    "a rule judges the code that comes of it. Answer the request with “always” or a denial, or give examples of code."
)


def advice_for(offences: Sequence[Offence], pairs: Sequence[Pair]) -> str:
    """Return what serves better than a rule; empty: nothing does."""
    is_asked = all(one.kind is Pointed.APPROVAL for one in offences)
    return _POLICY if is_asked and not pairs else ""


def read(text: str) -> Rule:
    """Return the rule of any engine that a text says. Raises `RuleFileError`."""
    is_other = any(line.startswith("engine:") for line in text.split("\n"))
    return read_rule(text, invariant_file("draft") if is_other else rule_file("draft"))


class Words:
    """Puts the rules of one forge into words."""

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    @property
    def message(self) -> str:
        """What was said of the offence."""
        return next((clean_line(one.said)[:300] for one in self._forge.offences if one.said.strip()), "")

    @property
    def remedy(self) -> str:
        """How it is put right."""
        return next((clean_line(one.remedy)[:600] for one in self._forge.offences if one.remedy.strip()), "")

    def wording(self, name: str) -> Wording:
        """Return what a rule of this name says."""
        forge = self._forge
        metadata = {"state": RuleState.BLOCK.value, "origin": self._origin()}
        return Wording(name, self.message, self.remedy, metadata, forge.samples.pairs, forge.samples.fine)

    def _origin(self) -> list[dict[str, str]]:
        forge = self._forge
        at = datetime.fromtimestamp(forge.services.clock.now(), UTC).isoformat(timespec="seconds")
        origin: list[dict[str, str]] = []
        for one in forge.offences:
            said = {"kind": one.kind.value, "session": str(one.session), "at": at, "who": forge.person}
            said["quote"] = clean_line(one.said)[:300]
            origin.append({key: value for key, value in said.items() if value})
        return origin

    def wording_of(self, book: Book, name: str = "") -> Wording:
        """Return what the rule of a candidate says; what an agent drafted tells whose it is."""
        wording = self.wording(name or self._forge.name)
        if book.source != "agent":
            return wording
        origin = [*self._origin(), {"kind": "drafted", "who": book.by}]
        metadata = {**wording.metadata, "origin": origin}
        remedy = wording.remedy or book.note
        return replace(wording, remedy=remedy, metadata=metadata, theirs=book.own, by=book.by)

    def begun(self, engine: Engine) -> str:
        """Return the text with which a rule of an engine is begun by hand."""
        wording = self.wording(self._forge.name)
        if engine is Engine.AST_GREP:
            bad = next((pair.bad for pair in wording.pairs), "")
            pattern = bad if bad and "\n" not in bad else "print($$$ARGS)"
            candidate = Candidate(
                language=self._forge.language or "python", body={"rule": {"pattern": pattern}}, says=_SAY
            )
        else:
            candidate = Candidate(engine=engine, body=SKELETONS[engine], says=_SAY)
        return rule_text(candidate, wording)

    def files_of(self, number: int, state: RuleState = RuleState.BLOCK) -> dict[str, str]:
        """Return a candidate as the files to be written: path, and text. Raises `ForgeRefused`."""
        try:
            return self._files(self._forge.book(number), state)
        except RuleFileError as error:
            raise ForgeRefused(f"The rule cannot be read: {error}.") from error

    async def baseline_of(self, number: int, rule: str) -> str | None:
        """Return the baseline that was counted for a candidate; None: what there is on the branch is not known."""
        book, marks, services = self._forge.book(number), self._forge.marks_of(number), self._forge.services
        if marks is None:
            return None
        target = services.record.state.target or ""
        return await baseline_for(rule, book.candidate, marks, services.repository, target)

    def _files(self, book: Book, state: RuleState) -> dict[str, str]:
        rule = read(book.text)
        text = book.text if book.source == "person" else rule_text(book.candidate, self.wording_of(book, rule.id))
        if book.source == "person" and rule.engine is not Engine.AST_GREP and not rule.examples:
            samples = self._forge.samples.examples()
            kinds = {kind.value: [one.text for one in samples if one.kind is kind] for kind in ExampleKind}
            text = with_value(text, ("examples",), kinds)
        if rule.metadata.state is not state:
            text = with_state(text, state)
        if rule.engine is not Engine.AST_GREP:
            return {invariant_file(rule.id): text}
        return {rule_file(rule.id): text, examples_file(rule.id): tests_text(self.wording_of(book, rule.id))}
