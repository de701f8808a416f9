"""What the gate decides: is a candidate proven, is it too broad, does it object to what other rules hold up as good."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cockpit.rules.service.synthesis.languages import name_of
from cockpit.rules.types import Example, ExampleKind, Hit, Level, Rule, RuleId, RuleMetadata, RuleState
from cockpit.rules.types.forge import Candidate, Doubt, Doubted, Pair, Verdict

BROAD_HITS_PER_1000_LINES = 5.0
"""More than this in accepted code, and it is custom rather than a mistake."""
FEW_HITS = 8
"""So many are never too many, however small the tree is."""


def verdict(example: Example, hits: Sequence[Hit]) -> Verdict:
    """Judge one example by what was hit in it."""
    return Verdict(example=example, is_right=bool(hits) == (example.kind is ExampleKind.BAD), hits=tuple(hits))


def examples_of(pairs: Iterable[Pair]) -> list[Example]:
    """Return the bad snippets, and after them the fixes that are known."""
    pairs = list(pairs)
    bad = [Example(kind=ExampleKind.BAD, text=pair.bad, path=pair.path) for pair in pairs]
    goods = [
        Example(kind=ExampleKind.GOOD, text=pair.good, path=pair.good_path or pair.path) for pair in pairs if pair.good
    ]
    return [*bad, *goods]


def breadth(candidate: int, hits: int, lines: int, *, is_cut: bool) -> Doubted | None:
    """Return the doubt about a candidate that hits too often in a tree of so many lines; None: there is none."""
    density = 1000 * hits / lines if lines else 0.0
    if (density <= BROAD_HITS_PER_1000_LINES or hits <= FEW_HITS) and not is_cut:
        return None
    often = f"{hits:,}{' or more' if is_cut else ''} hits in {lines:,} lines"
    return Doubted(candidate=candidate, doubt=Doubt.TOO_BROAD, message=f"{often}: make it narrower")


def good_examples(rules: Iterable[Rule], language: str) -> list[tuple[RuleId, Example]]:
    """Return what other rules of the language hold up as good."""
    return [
        (rule.id, example)
        for rule in rules
        if name_of(rule.language) == name_of(language) and rule.metadata.state is not RuleState.RETIRED
        for example in rule.examples
        if example.kind is ExampleKind.GOOD
    ]


def conflict(candidate: int, rule: RuleId, hit: Hit) -> Doubted:
    """Return the doubt about a candidate that objects to what a rule holds up as good."""
    said = hit.text.split("\n")[0][:80]
    return Doubted(candidate=candidate, doubt=Doubt.CONFLICT, message=f"rule {rule} holds this up as good: {said}")


def as_rule(candidate: Candidate, number: int) -> Rule:
    """Return a candidate as a rule that can be carried out, by its place among the candidates."""
    return Rule(
        id=RuleId(f"candidate-{number}"),
        engine=candidate.engine,
        language=candidate.language,
        severity=Level.WARNING,
        files=candidate.files,
        ignores=candidate.ignores,
        body=candidate.body,
        metadata=RuleMetadata(state=RuleState.SHADOW),
    )
