"""Rules from examples, without a model: what the bad snippets share, and their fixes lack, said as ast-grep rules.

`proposals` is pure and quick (milliseconds), but ast-grep's parser is native code: callers that must not fall with it
run it in a process of its own (`cockpit.rules.runtime.workshop`).
"""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.rules.service.synthesis.propose import propose
from cockpit.rules.service.synthesis.tree import Snippet, UnreadableError, parse
from cockpit.rules.service.synthesis.unions import in_two
from cockpit.rules.service.synthesis.workpiece import Proposal, Workpiece
from cockpit.rules.types.forge import Pair

__all__ = ["Proposal", "UnreadableError", "proposals"]


def proposals(pairs: Sequence[Pair], language: str, *, others: Sequence[str] = ()) -> list[Proposal]:
    """Return the rules that hit every bad snippet and no good one, the most plausible first.

    Where no single pattern covers all offences, rules of two patterns are returned.

    Args:
        pairs: the offences and their fixes; those without a known fix may stand among them.
        language: as ast-grep names it.
        others: further snippets that must not be hit, such as false alarms.

    Raises:
        UnreadableError: a snippet is too long, or the language is none that ast-grep knows.
    """
    if not pairs:
        return []
    bads = [parse(pair.bad, language, pair.path) for pair in pairs]
    fixes = [parse(pair.good, language, pair.path) if pair.good else None for pair in pairs]
    goods = [*(fix for fix in fixes if fix is not None), *(parse(text, language) for text in others)]

    def of(some: Sequence[tuple[Snippet, Snippet | None]]) -> list[Proposal]:
        return propose(Workpiece(language, [bad for bad, _ in some], [fix for _, fix in some], goods))

    examples = list(zip(bads, fixes, strict=True))
    return of(examples) or in_two(examples, of)
