"""What runs in the workshop's process: one call a line in, one answer a line out, until the input ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from cockpit.rules.service.fixes import features_of_fix
from cockpit.rules.service.synthesis import Proposal, UnreadableError, proposals
from cockpit.rules.service.synthesis.outline import outline
from cockpit.rules.service.synthesis.tree import parse, read, search
from cockpit.rules.types.forge import Pair

MOST_HITS = 200
"""Hits of one rule in one text that are told."""

_TEXT_LIMIT = 400


def propose(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the proposals for offences and their fixes."""
    pairs = [Pair(**pair) for pair in given["pairs"]]
    found = proposals(pairs, given["language"], others=given["others"])
    return [_said(one) for one in found[: given["most"]]]


def hits(given: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    """Return for each rule where it hits in each text; a rule that cannot be read says so instead."""
    texts = [read(text, given["language"]) for text in given["texts"]]
    found: list[list[dict[str, Any]]] = []
    for body in given["bodies"]:
        try:
            found.append(
                [_hit(number, node) for number, text in enumerate(texts) for node in search(text, body)[:MOST_HITS]]
            )
        except UnreadableError as error:
            found.append([{"problem": str(error)}])
    return found


def fixes(given: Mapping[str, Any]) -> list[list[str]]:
    """Return for each fix, a list of changed places, what it removed and added."""
    return [sorted(features_of_fix((path, before, after) for path, before, after in fix)) for fix in given["fixes"]]


def outlines(given: Mapping[str, Any]) -> list[str]:
    """Return the syntax tree of each text in words."""
    return [outline(parse(text, given["language"]).tree) for text in given["texts"]]


def ready(_given: Mapping[str, Any]) -> bool:
    """Answer that it works."""
    return True


_CALLS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "propose": propose,
    "hits": hits,
    "fixes": fixes,
    "outlines": outlines,
    "ready": ready,
}


def main() -> None:
    """Answer calls until there are no more."""
    for line in sys.stdin:
        number, what, given = json.loads(line)
        answer, refusal = None, ""
        try:
            answer = _CALLS[what](given)
        except UnreadableError as error:
            refusal = str(error)
        sys.stdout.write(json.dumps([number, answer, refusal]) + "\n")
        sys.stdout.flush()


def _said(one: Proposal) -> dict[str, Any]:
    return {"body": one.body, "score": one.score, "family": one.family, "says": one.says}


def _hit(number: int, node: Any) -> dict[str, Any]:
    span = node.range()
    return {
        "text_number": number,
        "line": span.start.line + 1,
        "column": span.start.column + 1,
        "end_line": span.end.line + 1,
        "end_column": span.end.column + 1,
        "text": node.text()[:_TEXT_LIMIT],
    }


if __name__ == "__main__":
    main()
