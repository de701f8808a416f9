"""Proves rules by their examples: every bad one must be hit, every good one left alone."""

from __future__ import annotations

import asyncio
import posixpath
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.rules.repo.reading import typed_body
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.files import change_hits, link_hits, path_hits
from cockpit.rules.service.languages import ending_of
from cockpit.rules.service.layers import Edge, layer_hits
from cockpit.rules.types import Engine, Example, ExampleKind, Rule, RuleSet, RuleState, ScanProblem
from cockpit.rules.types.bodies import LayersBody, PathBody, SizeBody

_BY_LIST = (Engine.LAYERS, Engine.PATH)
_BY_NOBODY = (Engine.COMMAND, Engine.JUDGE)


@dataclass(frozen=True, slots=True)
class Proof:
    """How the examples of a rule came out."""

    rule: Rule
    wrong: tuple[Example, ...]
    """Bad ones that it missed, good ones that it hit."""
    problems: tuple[ScanProblem, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Return whether it has a bad and a good example, and all came out as they should."""
        kinds = {one.kind for one in self.rule.examples}
        return not self.wrong and not self.problems and kinds == set(ExampleKind)


async def prove(rules: RuleSet, scanner: Scanner) -> tuple[Proof, ...]:
    """Try every rule on its own examples, all in one scan.

    An example is code; of rules about layers an import (`a.py -> b.py`), of rules about paths one path a line.

    Raises:
        ScanError: ast-grep could not be run.
    """
    with tempfile.TemporaryDirectory(prefix="cockpit-proof-") as folder:
        root = Path(folder)
        places = await asyncio.to_thread(_lay_out, root, rules.rules)
        told = [_everywhere(rule) for rule in rules.rules]
        paths = [path for one in places.values() for path in one]
        scan = await scanner.scan(rules.model_copy(update={"rules": tuple(told)}), Sources(root, paths))
    hit = {(one.rule, one.path) for one in scan.hits}
    proofs = []
    for rule in rules.rules:
        if rule.engine in _BY_NOBODY:
            continue
        if rule.engine in _BY_LIST:
            wrong = [one for one in rule.examples if _is_hit(rule, one) != (one.kind is ExampleKind.BAD)]
        else:
            by_path = zip(places[rule.id], rule.examples, strict=True)
            wrong = [one for path, one in by_path if ((rule.id, path) in hit) != (one.kind is ExampleKind.BAD)]
        problems = tuple(one for one in scan.problems if one.rule == rule.id)
        proofs.append(Proof(rule, tuple(wrong), problems))
    return tuple(proofs)


def _lay_out(root: Path, rules: Iterable[Rule]) -> dict[str, list[str]]:
    """Write each example to a file of its own; return their paths by rule, in their order."""
    places: dict[str, list[str]] = {}
    for rule in rules:
        places[rule.id] = []
        for number, example in enumerate(rule.examples if rule.engine not in _BY_LIST else ()):
            name = posixpath.basename(example.path) or f"example{ending_of(rule.language)}"
            path = f"{rule.id}/{number}/{name}"
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(example.text * example.times, encoding="utf-8")
            places[rule.id].append(path)
    return places


def _everywhere(rule: Rule) -> Rule:
    """Return a rule that runs, and looks at its examples wherever they are; what it is about is not tried here."""
    metadata = rule.metadata.model_copy(update={"state": RuleState.BLOCK})
    folder = (f"{rule.id}/**",)
    is_alone = rule.engine in _BY_LIST
    if is_alone:
        metadata = metadata.model_copy(update={"state": RuleState.DRAFT})
    return rule.model_copy(update={"files": folder, "ignores": (), "metadata": metadata})


def _is_hit(rule: Rule, example: Example) -> bool:
    lines = [line.strip() for line in example.text.splitlines() if line.strip()]
    match typed_body(rule):
        case LayersBody() as body:
            edges = [_edge(line) for line in lines]
            return any(True for _hit in layer_hits(rule, body, edges, [edge.importer for edge in edges]))
        case PathBody(links=True):
            path = example.path or "README.md"
            return any(True for _hit in link_hits(rule, path, example.text, {path}))
        case PathBody() as body:
            return any(True for _hit in path_hits(rule, body, lines, lines))
        case SizeBody() as body:
            return any(True for _hit in change_hits(rule, body, lines))
        case _:
            return False


def _edge(line: str) -> Edge:
    importer, _arrow, imported = (part.strip() for part in line.partition("->"))
    is_ours = "/" in imported or "." in imported
    return Edge(importer, 1, imported, imported if is_ours else "")


def unproven(proofs: Sequence[Proof]) -> list[Proof]:
    """Return the proofs that failed."""
    return [proof for proof in proofs if proof.wrong or proof.problems]
