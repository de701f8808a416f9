"""Through which modules one file comes to know another: the detail of an import that must not be."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import cached_property

from cockpit.rules.service.layers.edges import Edge

_LENGTH_SHOWN = 8


class Graph:
    """Who imports whom, as far as that is known. Built when it is first asked for."""

    def __init__(self, edges: Callable[[], Iterable[Edge]]) -> None:
        """Take a way to the edges of all files."""
        self._edges = edges

    @cached_property
    def _imported(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for edge in self._edges():
            if edge.imported and not edge.imported.endswith("/"):
                found.setdefault(edge.importer, {})[edge.imported] = None
        return {importer: tuple(sorted(targets)) for importer, targets in found.items()}

    def way(self, start: str, end: str) -> tuple[str, ...]:
        """Return the shortest way of imports from one file to another, both included; empty where there is none.

        The direct import of one by the other is no way: it is what is asked about.
        """
        before: dict[str, str] = {}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            for target in self._imported.get(here, ()):
                if target in before or target == start or (here == start and target == end):
                    continue
                before[target] = here
                if target == end:
                    return self._followed(before, start, end)
                waiting.append(target)
        return ()

    def is_direct(self, importer: str, imported: str) -> bool:
        """Return whether one file imports the other itself."""
        return imported in self._imported.get(importer, ())

    def _followed(self, before: dict[str, str], start: str, end: str) -> tuple[str, ...]:
        way = [end]
        while way[-1] != start:
            way.append(before[way[-1]])
        return tuple(reversed(way))


def told(edge: Edge, graph: Graph) -> list[str]:
    """Return what a person should know before taking an import away: another way there, and a way back."""
    if not edge.imported or edge.imported.endswith("/"):
        return []
    lines = []
    if way := graph.way(edge.importer, edge.imported):
        lines.append(f"Without this import it is still reached: {_shown(way)}.")
    if back := _back(edge, graph):
        lines.append(f"It closes a circle: {_shown(back)}.")
    return lines


def _back(edge: Edge, graph: Graph) -> tuple[str, ...]:
    direct = graph.is_direct(edge.imported, edge.importer)
    return (edge.imported, edge.importer) if direct else graph.way(edge.imported, edge.importer)


def _shown(way: tuple[str, ...]) -> str:
    if len(way) > _LENGTH_SHOWN:
        half = _LENGTH_SHOWN // 2
        way = (*way[:half], f"({len(way) - 2 * half} more)", *way[-half:])
    return " -> ".join(way)
