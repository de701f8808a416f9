"""A back-test in words: which accepted commits a rule would have stopped, and where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cockpit.providers.text import clean, clean_line
from cockpit.rules.repo.documents import documents
from cockpit.rules.types import Hit, Rule
from cockpit.rules.types.forge import Candidate, Stopped

_LINES_SHOWN = 3
_LINE_LENGTH = 160
_ID_LENGTH = 10


def candidate_of(rule: Rule, utils: Mapping[str, str]) -> Candidate:
    """Return a rule as what the gate judges, the shared matchers that it may refer to included.

    Raises:
        RuleFileError: a shared matcher cannot be read.
    """
    shared: dict[str, Any] = {}
    for text in utils.values():
        for one in documents(text):
            if one.get("language") == rule.language and "id" in one and "rule" in one:
                shared[str(one["id"])] = one["rule"]
    body = dict(rule.body)
    if shared:
        body["utils"] = {**shared, **body.get("utils", {})}
    return Candidate(
        engine=rule.engine,
        language=rule.language,
        body=body,
        files=rule.files,
        ignores=rule.ignores,
        says=clean_line(rule.message or rule.id),
    )


def stopped_text(stopped: Stopped, width: int) -> Iterator[str]:
    """Yield a commit and its hits with their code, one line each, none wider than `width` columns."""
    yield _cut(f"{stopped.commit[:_ID_LENGTH]}  {clean_line(stopped.subject)}", width)
    for hit in stopped.hits:
        yield _cut(f"  {_place(hit)}{f'  {clean_line(hit.message)}' if hit.message else ''}", width)
        code = [line for line in clean(hit.text).split("\n") if line.strip()]
        for line in code[:_LINES_SHOWN]:
            yield _cut(f"      {line[:_LINE_LENGTH]}", width)
        if len(code) > _LINES_SHOWN:
            yield f"      ... {len(code) - _LINES_SHOWN} more lines"


def stopped_data(stopped: Stopped) -> Iterator[dict[str, Any]]:
    """Yield each hit as plain data."""
    for hit in stopped.hits:
        yield {
            "commit": stopped.commit,
            "subject": clean_line(stopped.subject),
            "path": clean(hit.path),
            "line": hit.line,
            "code": clean(hit.text),
            "message": clean(hit.message),
        }


def _place(hit: Hit) -> str:
    where = clean_line(hit.path) or "the change as a whole"
    return f"{where}:{hit.line}" if hit.path and hit.line else where


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
