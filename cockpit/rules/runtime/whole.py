"""Rules about all files together: which there are, what changes with what, who imports whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from cockpit.rules.repo.bodies import typed_body
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.files import change_hits, folders_of, link_hits, looked_at, path_hits
from cockpit.rules.types import Engine, Hit, Rule, ScanProblem
from cockpit.rules.types.bodies import PathBody, SizeBody
from cockpit.rules.types.errors import RuleFileError

_ENGINES = (Engine.PATH, Engine.SIZE, Engine.LAYERS)


def whole_hits(
    rules: Iterable[Rule], sources: Sources, scope: Sequence[str], changed: Collection[str] | None
) -> tuple[list[Hit], list[ScanProblem]]:
    """Return what the rules object to, and what could not be judged. Blocking.

    Args:
        rules: rules of any engine; those that look at single files are left out.
        sources: all files.
        scope: the files whose content is looked at.
        changed: the files that a change touches; None: no change is looked at.
    """
    hits: list[Hit] = []
    problems: list[ScanProblem] = []
    for rule in rules:
        if rule.engine not in _ENGINES:
            continue
        try:
            hits += _hits_of(rule, sources, scope, changed)
        except RuleFileError as error:
            problems.append(ScanProblem(message=str(error), rule=rule.id, path=rule.source, line=error.line))
    return hits, problems


def _hits_of(rule: Rule, sources: Sources, scope: Sequence[str], changed: Collection[str] | None) -> Iterable[Hit]:
    match typed_body(rule):
        case PathBody() as body:
            yield from path_hits(rule, body, sources.paths, changed)
            if body.links:
                known = {*sources.paths, *folders_of(sources.paths)}
                for path in looked_at(rule, scope):
                    yield from link_hits(rule, path, sources.text(path), known)
        case SizeBody() as body if changed is not None:
            yield from change_hits(rule, body, changed)
        case _:
            pass
