"""ast-grep begun before anything heavy is imported, on what will most likely be asked. Cheap to import."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.blocking import Begun
from cockpit.rules.repo.scan_cache import ScanCache
from cockpit.rules.runtime.program import command, environment, find_program
from cockpit.rules.runtime.sources import Sources


@dataclass(frozen=True, slots=True)
class Order:
    """One run of ast-grep."""

    project: Path
    """Folder with what it is told."""
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeadStart:
    """A run that goes on already. Whoever began it ends it."""

    order: Order
    running: Begun


def begin_ahead(root: Path, project: Path, paths: Sequence[str]) -> HeadStart | None:
    """Begin a run; None where that is not possible or not worth it."""
    if not paths or not (project / "sgconfig.yml").is_file():
        return None
    order = Order(project, tuple(paths))
    try:
        argv = command(find_program(), project, order.paths)
        return HeadStart(order, Begun(argv, cwd=root, env=environment(project)))
    except OSError:
        return None


def worth_showing(
    cache: ScanCache, sources: Sources, scope: Sequence[str], endings: tuple[str, ...] | None
) -> list[str]:
    """Return the files of a scope that ast-grep has to look at. Blocking.

    Args:
        cache: what is known already.
        sources: all files.
        scope: the files that are asked about.
        endings: of the files that rules are about; None: any.
    """
    if cache.is_empty:  # then nothing has to be read before ast-grep can begin
        fresh = [path for path in scope if sources.is_file(path)]
    else:
        fresh = [path for path in scope if (mark := sources.mark(path)) is not None and cache.get(mark) is None]
    return shown_to_ast_grep(fresh, endings)


def shown_to_ast_grep(paths: Iterable[str], endings: tuple[str, ...] | None) -> list[str]:
    """Return the paths that ast-grep can be told of, in languages that it is asked about."""
    return [path for path in paths if (endings is None or path.endswith(endings)) and is_nameable(path)]


def is_nameable(path: str) -> bool:
    """Return whether ast-grep can be told of a file: it ends where an argument is no UTF-8."""
    return path.isascii() or not any("\ud800" <= character <= "\udfff" for character in path)
