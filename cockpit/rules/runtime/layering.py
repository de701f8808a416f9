"""Rules about layers: from the imports of files to what the rules object to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cockpit.rules.repo.bodies import typed_body
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.files import looked_at
from cockpit.rules.service.imports import Statement, World, edges_of
from cockpit.rules.service.languages import language_of
from cockpit.rules.service.layers import Edge, Graph, layer_hits
from cockpit.rules.types import Engine, Hit, Rule, ScanProblem
from cockpit.rules.types.bodies import LayersBody
from cockpit.rules.types.errors import RuleFileError


def _nothing() -> Imports:
    return Imports({})


@dataclass(frozen=True, slots=True)
class Imports:
    """What files import."""

    statements: Mapping[str, Sequence[Statement]]
    everywhere: Callable[[], Imports] = field(default=_nothing)
    """Return what is known of all other files. Blocking, and asked for only where something is wrong."""


def layer_hits_of(
    rules: Iterable[Rule], sources: Sources, scope: Sequence[str], imports: Imports
) -> tuple[list[Hit], list[ScanProblem]]:
    """Return what rules about layers object to, and what could not be judged. Blocking.

    Args:
        rules: rules of any engine.
        sources: all files.
        scope: the files whose imports are looked at.
        imports: what these import.
    """
    hits: list[Hit] = []
    problems: list[ScanProblem] = []
    layered = [rule for rule in rules if rule.engine is Engine.LAYERS]
    if not layered:
        return hits, problems
    world = World(sources.paths, sources.text)
    edges = _edges(imports, world)
    graph = Graph(lambda: [*edges, *_edges(imports.everywhere(), world)])
    code = [path for path in scope if language_of(path)]
    for rule in layered:
        try:
            body = typed_body(rule)
        except RuleFileError as error:
            problems.append(ScanProblem(message=str(error), rule=rule.id, path=rule.source, line=error.line))
            continue
        assert isinstance(body, LayersBody)  # the engine says so
        concerned = looked_at(rule, code)
        wanted = frozenset(concerned)
        hits += layer_hits(rule, body, (edge for edge in edges if edge.importer in wanted), concerned, graph)
    return hits, problems


def _edges(imports: Imports, world: World) -> list[Edge]:
    return [edge for path, said in imports.statements.items() for edge in edges_of(path, said, world)]
