"""Takes into a scan what was found elsewhere, by a tool or a reader, as if an engine of ours had found it."""

from __future__ import annotations

from collections.abc import Iterable

from cockpit.rules.service.suppressions import suppress
from cockpit.rules.types import Hit, Scan, ScanProblem


def with_hits(scan: Scan, hits: Iterable[Hit], problems: Iterable[ScanProblem] = (), *, rules: int = 0) -> Scan:
    """Return a scan with more hits, less those that comments in the code hold back.

    Args:
        scan: what is known already.
        hits: what else was found.
        problems: why that is not the whole truth.
        rules: how many rules were asked.
    """
    standing, used = suppress(hits, scan.suppressions)
    suppressions = tuple(
        one.model_copy(update={"is_used": True}) if (one.path, one.line) in used else one for one in scan.suppressions
    )
    return scan.model_copy(
        update={
            "hits": (*scan.hits, *standing),
            "problems": (*scan.problems, *problems),
            "suppressions": suppressions,
            "rules": scan.rules + rules,
        }
    )
