"""Carries out all rules on a checkout or workspace: each file once for each content, all engines side by side."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.text import clean
from cockpit.rules.config import RulesConfig
from cockpit.rules.repo.scan_cache import ScanCache
from cockpit.rules.runtime.ahead import HeadStart, is_nameable, shown_to_ast_grep
from cockpit.rules.runtime.ast_grep import AstGrep, Matches
from cockpit.rules.runtime.layering import Imports, layer_hits_of
from cockpit.rules.runtime.looked import Looked, brought_together, imports_of, known_of, marked, own_hits
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.runtime.whole import whole_hits
from cockpit.rules.service.documents import Document, documents_of
from cockpit.rules.service.languages import endings_of, language_of
from cockpit.rules.service.suppressions import suppress
from cockpit.rules.types import Engine, Hit, Rule, RuleSet, Scan, ScanProblem

_CACHE_VERSION = 5
_BY_FILE = (Engine.AST_GREP, Engine.REGEX, Engine.SIZE, Engine.NAMING, Engine.LAYERS)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rules made ready. What only depends on them is found out once, and can be kept between runs of a program."""

    rules: RuleSet
    digest: str
    """Of everything that decides what is found in a file, besides the file."""
    documents: tuple[Document, ...]
    endings: tuple[str, ...] | None
    """Of the files that ast-grep is shown; None: all."""
    is_only_code: bool
    """Whether no rule looks into files but those that ast-grep is shown."""

    @property
    def running(self) -> list[Rule]:
        """Return the rules that run; draft and retired ones do not."""
        return [rule for rule in self.rules.rules if rule.is_run]


def prepare(rules: RuleSet, digest: str = "") -> Prepared:
    """Make rules ready. Blocking.

    Args:
        rules: as they were read.
        digest: theirs, where it is known already: then they were looked over before.
    """
    if not digest:
        from cockpit.rules.runtime.patterns import incomplete_patterns

        problems = incomplete_patterns(rule for rule in rules.rules if rule.is_run)
        rules = rules.model_copy(update={"problems": (*rules.problems, *problems)}) if problems else rules
    by_file = [rule for rule in rules.rules if rule.is_run and rule.engine in _BY_FILE]
    documents = documents_of(by_file)
    endings = endings_of(frozenset(document.language for document in documents))
    is_only_code = all(rule.engine in (Engine.AST_GREP, Engine.LAYERS) for rule in by_file)
    return Prepared(rules, digest or _digest(by_file, rules.utils), documents, endings, is_only_code)


@dataclass(slots=True)
class _Work:
    """One scan under way."""

    prepared: Prepared
    sources: Sources
    changed: Collection[str] | None
    scope: Sequence[str]
    cache: ScanCache
    looked: dict[str, Looked]
    fresh: list[str]
    """Files of whose content nothing is known."""
    shown: list[str]
    """Those of them that ast-grep is shown."""
    started: float


@dataclass(frozen=True, slots=True)
class _Own:
    """What our own engines say."""

    far: list[Hit]
    """Of rules about all files together."""
    near: list[Hit]
    """In fresh files."""
    problems: list[ScanProblem]
    trouble: list[ScanProblem]
    """Of rules about single files: then nothing is remembered of these."""
    marks: Mapping[str, str]


class Scanner:
    """Carries out rules, for any checkout or workspace of a repository."""

    def __init__(self, folder: Path, config: RulesConfig | None = None) -> None:
        """Keep what is known of files, and what ast-grep is told, under `folder`.

        Raises:
            ScanError: there is no ast-grep.
        """
        self._config = config or RulesConfig()
        self._known = folder / "known"
        self._prepared: tuple[RuleSet, Prepared] | None = None
        self.ast_grep = AstGrep(folder / "ast-grep")

    async def scan(self, rules: RuleSet, sources: Sources, changed: Collection[str] | None = None) -> Scan:
        """Carry out the rules that run; draft and retired ones do not.

        Args:
            rules: the rules, from a place that the author of the files cannot change.
            sources: all files; those of other than the changed ones tell what exists.
            changed: look into these files only, and take them for the change; None: look into all.

        Raises:
            ScanError: ast-grep could not be run to its end.
        """
        import asyncio

        ready = await asyncio.to_thread(self._made_ready, rules)
        work = await asyncio.to_thread(self._begun, ready, sources, changed)
        beside = asyncio.ensure_future(asyncio.to_thread(_own, work))
        try:
            asked = (sources.root, ready.documents, ready.rules.utils, work.shown, self._config.timeout_s)
            theirs = await self.ast_grep.scan(*asked) if work.shown else Matches()
        finally:
            await asyncio.wait([beside])  # a thread cannot be stopped
            trouble = beside.exception()
        if trouble is not None:
            raise trouble
        return await asyncio.to_thread(_ended, work, beside.result(), theirs)

    def scan_here(
        self,
        rules: Prepared,
        sources: Sources,
        changed: Collection[str] | None = None,
        ahead: HeadStart | None = None,
    ) -> Scan:
        """Do what `scan` does, in a program that has no event loop. Blocking.

        Args:
            rules: the rules, made ready.
            sources: all files.
            changed: look into these files only; None: look into all.
            ahead: a run of ast-grep that began before.

        Raises:
            ScanError: ast-grep could not be run to its end.
        """
        work = self._begun(rules, sources, changed)
        asked = (sources.root, rules.documents, rules.rules.utils, work.shown, self._config.timeout_s)
        with self.ast_grep.begun(*asked, ahead) as end:
            return _ended(work, _own(work), end())

    def _made_ready(self, rules: RuleSet) -> Prepared:
        """Return the rules made ready; those of the last scan are at hand."""
        if self._prepared is None or self._prepared[0] is not rules:
            self._prepared = rules, prepare(rules)
        return self._prepared[1]

    def _begun(self, ready: Prepared, sources: Sources, changed: Collection[str] | None) -> _Work:
        started = time.monotonic()
        scope = sources.paths if changed is None else tuple(sorted(frozenset(changed) & frozenset(sources.paths)))
        cache = ScanCache(self._known, ready.digest)
        within: Sequence[str] = scope
        if ready.is_only_code and ready.endings is not None:
            within = [path for path in scope if path.endswith(ready.endings)]
        looked, fresh = known_of(cache, sources, within)
        shown = shown_to_ast_grep(fresh, ready.endings) if ready.documents else []
        return _Work(ready, sources, changed, scope, cache, looked, fresh, shown, started)


def _own(work: _Work) -> _Own:
    """Carry out our own engines, while ast-grep is at work."""
    running = work.prepared.running
    near, trouble = own_hits(running, work.sources, work.fresh)
    far, problems = whole_hits(running, work.sources, work.scope, work.changed)
    return _Own(far, near, problems, trouble, marked(work.sources, work.fresh))


def _ended(work: _Work, own: _Own, theirs: Matches) -> Scan:
    sources, ready = work.sources, work.prepared
    trouble = [*own.trouble, *theirs.problems, *(_unnameable(work) if ready.documents else ())]
    found = brought_together(sources, work.fresh, own.near, theirs, ready.documents, frozenset(work.shown))
    if not trouble:
        work.cache.put({own.marks[path]: one.record() for path, one in found.items() if path in own.marks})
    looked = work.looked | found
    running = ready.running
    upward, wrong = layer_hits_of(running, sources, work.scope, _imports(work, looked))
    suppressions = [one for file in looked.values() for one in file.suppressions]
    standing, used = suppress([*own.far, *upward], suppressions)
    return Scan(
        hits=(*(hit for one in looked.values() for hit in one.hits), *standing),
        problems=(*ready.rules.problems, *(one for one in trouble if not _is_told(one, ready)), *own.problems, *wrong),
        suppressions=tuple(
            one.model_copy(update={"is_used": one.is_used or (one.path, one.line) in used}) for one in suppressions
        ),
        rules=sum(rule.engine not in (Engine.COMMAND, Engine.JUDGE) for rule in running),
        files=len(work.scope),
        known=len(work.looked),
        duration_s=time.monotonic() - work.started,
    )


def _is_told(problem: ScanProblem, ready: Prepared) -> bool:
    """Return whether something was found to be wrong with the rule before it was carried out."""
    return bool(problem.rule) and any(one.rule == problem.rule for one in ready.rules.problems)


def _unnameable(work: _Work) -> list[ScanProblem]:
    """Return a problem for each file that ast-grep should look at and cannot be told of."""
    endings = work.prepared.endings
    return [
        ScanProblem(message="its name is no UTF-8, so that ast-grep cannot look at it: rename it", path=clean(path))
        for path in work.fresh
        if not is_nameable(path) and (endings is None or path.endswith(endings))
    ]


def _imports(work: _Work, looked: Mapping[str, Looked]) -> Imports:
    """Return what the files of the scope import, and a way to what is known of all others."""

    def everywhere() -> Imports:
        code = (path for path in work.sources.paths if path not in looked and language_of(path))
        records = ((path, work.cache.get(mark)) for path, mark in marked(work.sources, code).items())
        return Imports({path: imports_of(record) for path, record in records if record})

    return Imports({path: one.imports for path, one in looked.items() if one.imports}, everywhere)


def _digest(rules: Iterable[Rule], utils: Mapping[str, str]) -> str:
    """Return a digest of everything that decides what is found in a file, besides the file."""
    said = [rule.model_dump(mode="json", exclude={"metadata", "examples", "source"}) for rule in rules]
    text = json.dumps([_CACHE_VERSION, said, dict(utils)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
