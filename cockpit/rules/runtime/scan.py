"""Carries out all rules on a checkout or workspace: each file once for each content, all engines side by side."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cockpit.rules.config import RulesConfig
from cockpit.rules.repo.reading import typed_body
from cockpit.rules.repo.scan_cache import Record, ScanCache
from cockpit.rules.runtime.ast_grep import AstGrep, Match, Matches
from cockpit.rules.runtime.layering import layer_hits_of
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.runtime.whole import whole_hits
from cockpit.rules.service.documents import IMPORT, Document, documents_of, name_in
from cockpit.rules.service.files import length_hits, looked_at, name_hits
from cockpit.rules.service.imports import Statement
from cockpit.rules.service.languages import endings_of
from cockpit.rules.service.layers import Edge
from cockpit.rules.service.regex import regex_hits
from cockpit.rules.service.suppressions import suppress, suppressions_in
from cockpit.rules.types import Engine, Hit, Rule, RuleSet, Scan, ScanProblem, Suppression
from cockpit.rules.types.bodies import NamingBody, RegexBody, SizeBody
from cockpit.rules.types.errors import RuleFileError, ScanError

_CACHE_VERSION = 2
_IMPORT_LIMIT = 4_000
"""Characters of an import statement that are looked at."""

_BY_FILE = (Engine.AST_GREP, Engine.REGEX, Engine.SIZE, Engine.NAMING, Engine.LAYERS)


@dataclass(slots=True)
class _Looked:
    """What was found in one file."""

    hits: list[Hit] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    imports: list[Statement] = field(default_factory=list)
    """Where there are rules about layers; not of Python."""

    def record(self) -> Record:
        said: Record = {}
        if self.hits:
            said["hits"] = [hit.model_dump(mode="json", exclude_defaults=True) for hit in self.hits]
        if self.suppressions:
            said["suppressions"] = [one.model_dump(mode="json") for one in self.suppressions]
        if self.imports:
            said["imports"] = self.imports
        return said

    @classmethod
    def of(cls, record: Record) -> _Looked:
        return cls(
            [Hit.model_validate(hit) for hit in record.get("hits", ())],
            [Suppression.model_validate(one) for one in record.get("suppressions", ())],
            [(line, text) for line, text in record.get("imports", ())],
        )


class Scanner:
    """Carries out rules, for any checkout or workspace of a repository."""

    def __init__(self, folder: Path, config: RulesConfig | None = None) -> None:
        """Keep what is known of files, and what ast-grep is told, under `folder`.

        Raises:
            ScanError: there is no ast-grep.
        """
        self._config = config or RulesConfig()
        self._known = folder / "known"
        self._ast_grep = AstGrep(folder / "ast-grep")

    async def scan(self, rules: RuleSet, sources: Sources, changed: Collection[str] | None = None) -> Scan:
        """Carry out the rules that run; draft and retired ones do not.

        Args:
            rules: the rules, from a place that the author of the files cannot change.
            sources: all files; those of other than the changed ones tell what exists.
            changed: look into these files only, and take them for the change; None: look into all.

        Raises:
            ScanError: ast-grep could not be run to its end.
        """
        try:
            return await self._scan(rules, sources, changed)
        except ExceptionGroup as group:
            trouble: Exception | None = group.subgroup(ScanError)
            while isinstance(trouble, ExceptionGroup):
                trouble = trouble.exceptions[0]
            if trouble is None:
                raise
            raise trouble from group

    async def _scan(self, rules: RuleSet, sources: Sources, changed: Collection[str] | None) -> Scan:
        started = time.monotonic()
        running = [rule for rule in rules.rules if rule.is_run]
        by_file = [rule for rule in running if rule.engine in _BY_FILE]
        scope = sources.paths if changed is None else tuple(sorted(frozenset(changed) & frozenset(sources.paths)))
        problems = list(rules.problems)
        async with asyncio.TaskGroup() as group:
            whole = group.create_task(asyncio.to_thread(whole_hits, running, sources, scope, changed))
            python = group.create_task(asyncio.to_thread(_python_edges, running, sources, scope))
            looking = group.create_task(self._look(by_file, rules.utils, sources, scope, problems))
        looked, known = looking.result()
        hits = [hit for one in looked.values() for hit in one.hits]
        suppressions = [one for file in looked.values() for one in file.suppressions]
        far, trouble = whole.result()
        edges, unread = python.result()
        statements = {path: one.imports for path, one in looked.items() if one.imports}
        upward, wrong = await asyncio.to_thread(layer_hits_of, running, sources, scope, edges, statements)
        problems += [*trouble, *unread, *wrong]
        standing, used = suppress([*far, *upward], suppressions)
        return Scan(
            hits=(*hits, *standing),
            problems=tuple(problems),
            suppressions=tuple(
                one.model_copy(update={"is_used": one.is_used or (one.path, one.line) in used}) for one in suppressions
            ),
            rules=sum(rule.engine not in (Engine.COMMAND, Engine.JUDGE) for rule in running),
            files=len(scope),
            known=known,
            duration_s=time.monotonic() - started,
        )

    async def _look(
        self,
        rules: Sequence[Rule],
        utils: Mapping[str, str],
        sources: Sources,
        scope: Sequence[str],
        problems: list[ScanProblem],
    ) -> tuple[dict[str, _Looked], int]:
        """Return what was found in each file, and in how many it was known."""
        cache = await asyncio.to_thread(ScanCache, self._known, _digest(rules, utils))
        looked, fresh = await asyncio.to_thread(_known_of, cache, sources, scope)
        known = len(looked)
        if not fresh:
            return looked, known
        documents = documents_of(rules)
        endings = endings_of(frozenset(document.language for document in documents))
        paths = [path for path in fresh if endings is None or path.endswith(endings)]
        async with asyncio.TaskGroup() as group:
            ours = group.create_task(asyncio.to_thread(_ours, rules, sources, fresh))
            marking = group.create_task(asyncio.to_thread(_marked, sources, fresh))
            scanning = group.create_task(
                self._ast_grep.scan(sources.root, documents, utils, paths, self._config.timeout_s)
            )
        theirs = scanning.result()
        hits, trouble = ours.result()
        trouble = [*trouble, *theirs.problems]
        found = await asyncio.to_thread(_brought_together, sources, fresh, hits, theirs, documents, frozenset(paths))
        if not trouble:
            marks = marking.result()
            await asyncio.to_thread(
                cache.put, {marks[path]: one.record() for path, one in found.items() if path in marks}
            )
        problems += trouble
        return looked | found, known


def _python_edges(
    rules: Iterable[Rule], sources: Sources, scope: Sequence[str]
) -> tuple[list[Edge], list[ScanProblem]]:
    has_layers = any(rule.engine is Engine.LAYERS for rule in rules)
    if not has_layers or not any(path.endswith(".py") for path in scope):
        return [], []
    from cockpit.rules.runtime.python_imports import python_edges

    return python_edges(sources, scope)


def _known_of(cache: ScanCache, sources: Sources, scope: Sequence[str]) -> tuple[dict[str, _Looked], list[str]]:
    """Return what is known of files, and those of which nothing is."""
    if cache.is_empty:  # then nothing has to be read before ast-grep can begin
        return {}, [path for path in scope if sources.is_file(path)]
    looked: dict[str, _Looked] = {}
    fresh: list[str] = []
    for path, mark in _marked(sources, scope).items():
        record = cache.get(mark)
        if record is None:
            fresh.append(path)
        else:
            looked[path] = _Looked.of(record)
    return looked, fresh


def _marked(sources: Sources, paths: Iterable[str]) -> dict[str, str]:
    """Return the marks of the files that rules look at."""
    return {path: mark for path in paths if (mark := sources.mark(path)) is not None}


def _ours(rules: Iterable[Rule], sources: Sources, paths: Iterable[str]) -> tuple[list[Hit], list[ScanProblem]]:
    """Return what our own engines find in files."""
    hits: list[Hit] = []
    problems: list[ScanProblem] = []
    paths = list(paths)
    for rule in rules:
        try:
            hits += _ours_of(rule, sources, paths)
        except RuleFileError as error:
            problems.append(ScanProblem(message=str(error), rule=rule.id, path=rule.source, line=error.line))
    return hits, problems


def _ours_of(rule: Rule, sources: Sources, paths: Sequence[str]) -> Iterable[Hit]:
    if rule.engine is Engine.AST_GREP:
        return
    match typed_body(rule):
        case RegexBody() as body:
            for path in looked_at(rule, paths):
                yield from regex_hits(rule, body, path, sources.text(path))
        case SizeBody(max_lines=int()) as body:
            for path in looked_at(rule, paths):
                yield from length_hits(rule, body, path, sources.text(path))
        case NamingBody() as body if body.files or body.folders:
            for path in looked_at(rule, paths):
                yield from name_hits(rule, body, path)
        case _:
            pass


def _brought_together(
    sources: Sources,
    fresh: Iterable[str],
    ours: Iterable[Hit],
    theirs: Matches,
    documents: Iterable[Document],
    scanned: frozenset[str],
) -> dict[str, _Looked]:
    """Return for each file what stands after its suppressions."""
    found = {path: _Looked() for path in fresh}
    ours = [*ours, *_compiled_hits(theirs.matches, documents)]
    imports = {document.id for document in documents if document.what == IMPORT}
    for match in theirs.matches:
        if match.id in imports and match.path in found:
            found[match.path].imports.append((match.line + 1, match.text[:_IMPORT_LIMIT]))
    for hit in _own_hits(theirs.matches, documents):
        if hit.path in found:
            found[hit.path].hits.append(hit)
    suppressions = [
        one for path in found if path in sources.suppressing for one in suppressions_in(path, sources.text(path))
    ]
    standing, used = suppress(ours, suppressions)
    for hit in standing:
        if hit.path in found:
            found[hit.path].hits.append(hit)
    unused = frozenset(theirs.unused)
    for one in suppressions:
        place = (one.path, one.line)
        is_used = place in used or (one.path in scanned and place not in unused)
        found[one.path].suppressions.append(one.model_copy(update={"is_used": is_used}))
    return found


def _own_hits(matches: Iterable[Match], documents: Iterable[Document]) -> Iterable[Hit]:
    """Return the hits of a person's own ast-grep rules."""
    by_id = {document.id: document for document in documents if not document.what}
    for match in matches:
        if document := by_id.get(match.id):
            yield _hit(match, document.rule, match.message, match.note)


def _compiled_hits(matches: Sequence[Match], documents: Iterable[Document]) -> Iterable[Hit]:
    """Return the hits of rules about size and names, which ast-grep has looked for on our behalf."""
    by_id = {document.id: document for document in documents if document.what not in ("", IMPORT)}
    wanted: dict[str, set[str]] = {}
    paths = {match.path for match in matches}
    for match in matches:
        document = by_id.get(match.id)
        if document is None:
            continue
        rule = document.rule
        if match.id not in wanted:
            wanted[match.id] = set(looked_at(rule, paths))
        if match.path in wanted[match.id]:
            told = _told(document, match)
            hit = _hit(match, rule, f"{told}: {rule.message}" if rule.message else told, "")
            yield hit.model_copy(update={"text": name_in(match.text) or hit.text[:200]})


def _told(document: Document, match: Match) -> str:
    if document.limit:
        lines = match.end_line - match.line + 1
        name = name_in(match.text)
        return f"{document.what}{f' {name}' if name else ''} has {lines} lines, more than {document.limit}"
    pattern = document.rule.body.get("functions" if document.what == "function" else "classes")
    return f"the {document.what} name {match.text!r} does not match {pattern}"


def _hit(match: Match, rule: Rule, message: str, note: str) -> Hit:
    return Hit(
        rule=rule.id,
        path=match.path,
        line=match.line + 1,
        column=match.column + 1,
        end_line=match.end_line + 1,
        end_column=match.end_column + 1,
        text=match.text,
        message="" if message == rule.message else message,
        note="" if note == rule.note else note,
    )


def _digest(rules: Iterable[Rule], utils: Mapping[str, str]) -> str:
    """Return a digest of everything that decides what is found in a file, besides the file."""
    said = [rule.model_dump(mode="json", exclude={"metadata", "examples", "source"}) for rule in rules]
    text = json.dumps([_CACHE_VERSION, said, dict(utils)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:24]
