"""Which language a forge's examples are in, where their paths do not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cockpit.providers.git import GitError
from cockpit.rules.runtime.gate import language_of
from cockpit.rules.types.forge import Pair
from cockpit.rules.types.forging import Offence
from cockpit.supervisor.services import Services


async def spoken(pairs: Sequence[Pair], offences: Sequence[Offence], services: Services) -> str:
    """Return the language of the examples, else the one that sessions wrote in, else the repository's; or empty."""
    named = [pair.path for pair in pairs if pair.path]
    if named:
        return next(filter(None, map(language_of, named)), "")
    state = services.record.state
    sessions = [state.sessions.get(one.session) for one in offences]
    changed = [file.path for one in sessions if one is not None and one.change is not None for file in one.change.files]
    if found := _most(changed):
        return found
    tip = None
    try:
        tip = await services.repository.branch_tip(state.target) if state.target else None
        return _most(list(await services.repository.list_files(tip))) if tip is not None else ""
    except GitError:
        return ""


def _most(paths: Sequence[str]) -> str:
    counts = Counter(filter(None, map(language_of, paths)))
    return counts.most_common(1)[0][0] if counts else ""
