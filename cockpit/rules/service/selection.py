"""Which candidates a person is shown: what the syntax says, and what it cannot say."""

from __future__ import annotations

from collections.abc import Sequence

from cockpit.rules.service.synthesis.ranking import SHOWN
from cockpit.rules.types import Engine
from cockpit.rules.types.forge import Candidate

KEPT_FOR_TEMPLATES = 2
"""Places that candidates of other engines have where they say something about sizes, names, places or layers."""


def selected(made: Sequence[Candidate], templates: Sequence[Candidate]) -> list[Candidate]:
    """Return four candidates at most, in the order in which they are shown first.

    A regular expression says nothing that a pattern of the syntax could not say better, and some templates are mere
    guesses: these come last.
    """
    said = sorted(templates, key=lambda one: -one.score)
    others = [one for one in said if one.score > 0 and one.engine is not Engine.REGEX]
    texts = [one for one in said if one not in others]
    kept = others[: max(KEPT_FOR_TEMPLATES, SHOWN - len(made))]
    first = made[: SHOWN - len(kept)]
    return [*first[:1], *kept, *first[1:], *texts][:SHOWN]
