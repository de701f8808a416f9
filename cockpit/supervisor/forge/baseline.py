"""What a forge has counted in the checkout, as the baseline of a new rule: accepting it need not look again."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from cockpit.providers.git import Repository
from cockpit.rules.repo.baseline import Baseline, Known, baseline_text
from cockpit.rules.service.languages import LANGUAGES
from cockpit.rules.service.scope import is_meant
from cockpit.rules.types import Engine, RuleId
from cockpit.rules.types.forge import Candidate

Marks = Counter[tuple[str, str]]
"""How often each violation stands in the checkout: path, and digest of the code."""

_FILE_LIMIT_BYTES = 4 << 20


async def baseline_for(
    rule: str, candidate: Candidate, marks: Marks, repository: Repository, target: str
) -> str | None:
    """Return the baseline's text; None where the checkout is not what the branch holds, so that nobody knows yet."""
    tip = await repository.branch_tip(target) if target and not repository.is_bare else None
    if tip is None or candidate.engine in (Engine.LAYERS, Engine.PATH):  # these depend on files that they do not hit
        return None
    listed: dict[str, str] = {path: str(blob) for path, blob in (await repository.list_files(tip)).items()}
    if not await asyncio.to_thread(_is_same, repository.root, listed, candidate):
        return None
    known = tuple(
        Known(rule=RuleId(rule), path=path, snippet=digest, count=count)
        for (path, digest), count in marks.items()
        if path in listed
    )
    return baseline_text(Baseline(known=known))


def _is_same(root: Path, listed: Mapping[str, str], candidate: Candidate) -> bool:
    """Return whether every file of the branch that a candidate looks at is the same in the checkout. Blocking."""
    endings = next((one.endings for one in LANGUAGES if one.name == candidate.language.lower()), None)
    for path, blob in listed.items():
        if (endings is not None and not path.endswith(endings)) or not is_meant(candidate, path):
            continue
        if _blob_of(root / path, len(blob)) not in (blob, "large"):
            return False
    return True


def _blob_of(file: Path, digits: int) -> str:
    """Return the id that git gives to what a file holds; `large`: rules leave it alone."""
    try:
        if file.is_symlink():
            raw = os.fsencode(file.readlink())
        elif file.stat().st_size > _FILE_LIMIT_BYTES:
            return "large"
        else:
            raw = file.read_bytes()
    except OSError:
        return ""
    digest = hashlib.sha256() if digits == 64 else hashlib.sha1(usedforsecurity=False)
    digest.update(b"blob %d\0" % len(raw))
    digest.update(raw)
    return digest.hexdigest()
