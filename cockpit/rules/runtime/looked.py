"""What rules find in single files: what is known of a file's content, and what an engine has to look at again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cockpit.rules.repo.bodies import typed_body
from cockpit.rules.repo.scan_cache import Record, ScanCache
from cockpit.rules.runtime.ast_grep import Match, Matches
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.documents import IMPORT, TYPES_IMPORT, Document, name_in
from cockpit.rules.service.files import length_hits, looked_at, name_hits
from cockpit.rules.service.imports import Statement, statement_of
from cockpit.rules.service.regex import regex_hits
from cockpit.rules.service.suppressions import suppress, suppressions_in
from cockpit.rules.types import Engine, Hit, Rule, ScanProblem, Suppression
from cockpit.rules.types.bodies import NamingBody, RegexBody, SizeBody
from cockpit.rules.types.errors import RuleFileError

_IMPORT_LIMIT = 4_000
"""Characters of an import statement that are looked at."""


@dataclass(slots=True)
class Looked:
    """What was found in one file."""

    hits: list[Hit] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    imports: list[Statement] = field(default_factory=list)
    """Where there are rules about layers."""

    def record(self) -> Record:
        """Return it as it is kept."""
        said: Record = {}
        if self.hits:
            said["hits"] = [hit.model_dump(mode="json", exclude_defaults=True) for hit in self.hits]
        if self.suppressions:
            said["suppressions"] = [one.model_dump(mode="json") for one in self.suppressions]
        if self.imports:
            said["imports"] = [one if one[2] else one[:2] for one in self.imports]
        return said

    @classmethod
    def of(cls, record: Record) -> Looked:
        """Return what was kept."""
        return cls(
            [Hit.model_validate(hit) for hit in record.get("hits", ())],
            [Suppression.model_validate(one) for one in record.get("suppressions", ())],
            imports_of(record),
        )


def imports_of(record: Record) -> list[Statement]:
    """Return the imports of a file that were kept."""
    return [(one[0], one[1], len(one) > 2) for one in record.get("imports", ())]


def known_of(cache: ScanCache, sources: Sources, scope: Sequence[str]) -> tuple[dict[str, Looked], list[str]]:
    """Return what is known of files, and those of which nothing is. Blocking."""
    if cache.is_empty:  # then nothing has to be read before ast-grep can begin
        return {}, [path for path in scope if sources.is_file(path)]
    looked: dict[str, Looked] = {}
    fresh: list[str] = []
    for path, mark in marked(sources, scope).items():
        record = cache.get(mark)
        if record is None:
            fresh.append(path)
        else:
            looked[path] = Looked.of(record)
    return looked, fresh


def marked(sources: Sources, paths: Iterable[str]) -> dict[str, str]:
    """Return the marks of the files that rules look at. Blocking."""
    return {path: mark for path in paths if (mark := sources.mark(path)) is not None}


def own_hits(rules: Iterable[Rule], sources: Sources, paths: Iterable[str]) -> tuple[list[Hit], list[ScanProblem]]:
    """Return what our own engines find in files, and which rules could not be carried out. Blocking."""
    hits: list[Hit] = []
    problems: list[ScanProblem] = []
    paths = list(paths)
    for rule in rules:
        try:
            hits += _own_of(rule, sources, paths)
        except RuleFileError as error:
            problems.append(ScanProblem(message=str(error), rule=rule.id, path=rule.source, line=error.line))
    return hits, problems


def _own_of(rule: Rule, sources: Sources, paths: Sequence[str]) -> Iterable[Hit]:
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


def brought_together(
    sources: Sources,
    fresh: Iterable[str],
    ours: Iterable[Hit],
    theirs: Matches,
    documents: Sequence[Document],
    scanned: frozenset[str],
) -> dict[str, Looked]:
    """Return for each file what stands after its suppressions.

    Args:
        sources: all files; the fresh ones have been marked.
        fresh: the files that were looked at.
        ours: what our own engines found.
        theirs: what ast-grep found.
        documents: what it was asked for.
        scanned: the files that it was shown.
    """
    found = {path: Looked() for path in fresh}
    for path, said in imports_in(theirs.matches, documents).items():
        if path in found:
            found[path].imports += said
    for hit in _plain_hits(theirs.matches, documents):
        if hit.path in found:
            found[hit.path].hits.append(hit)
    suppressions = [
        one for path in found if path in sources.suppressing for one in suppressions_in(path, sources.text(path))
    ]
    standing, used = suppress([*ours, *_compiled_hits(theirs.matches, documents)], suppressions)
    for hit in standing:
        if hit.path in found:
            found[hit.path].hits.append(hit)
    unused = frozenset(theirs.unused)
    for one in suppressions:
        place = (one.path, one.line)
        is_used = place in used or (one.path in scanned and place not in unused)
        found[one.path].suppressions.append(one.model_copy(update={"is_used": is_used}))
    return found


def imports_in(matches: Iterable[Match], documents: Iterable[Document]) -> Mapping[str, list[Statement]]:
    """Return what files import, by path."""
    wanted = {document.id: document for document in documents if document.what in (IMPORT, TYPES_IMPORT)}
    said: dict[str, dict[tuple[int, int], tuple[str, str]]] = {}
    for_types: set[tuple[str, int, int]] = set()
    for match in matches:
        if document := wanted.get(match.id):
            if document.what == TYPES_IMPORT:
                for_types.add((match.path, match.line, match.column))
            else:
                place = (match.line, match.column)
                said.setdefault(match.path, {})[place] = (document.language, match.text[:_IMPORT_LIMIT])
    return {
        path: [
            statement_of(language, line + 1, text, is_for_types=(path, line, column) in for_types)
            for (line, column), (language, text) in found.items()
        ]
        for path, found in said.items()
    }


def _plain_hits(matches: Iterable[Match], documents: Iterable[Document]) -> Iterable[Hit]:
    """Return the hits of a person's own ast-grep rules."""
    by_id = {document.id: document for document in documents if not document.what}
    for match in matches:
        if document := by_id.get(match.id):
            yield _hit(match, document.rule, match.message, match.note)


def _compiled_hits(matches: Sequence[Match], documents: Iterable[Document]) -> Iterable[Hit]:
    """Return the hits of rules about size and names, which ast-grep has looked for on our behalf."""
    by_id = {document.id: document for document in documents if document.what not in ("", IMPORT, TYPES_IMPORT)}
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
