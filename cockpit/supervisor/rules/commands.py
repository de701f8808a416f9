"""Rules that are commands, in sessions' rounds and in the merge queue: only as the target branch has them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from cockpit.checks.runtime import Target
from cockpit.checks.runtime.rule_bases import base_of, bases_of
from cockpit.checks.runtime.rule_commands import Commanded, carry_out
from cockpit.checks.service.rule_commands import commands, compares
from cockpit.rules.types import Rule, ScanProblem
from cockpit.types import CommitId

if TYPE_CHECKING:
    from cockpit.supervisor.services import Services


async def commanded(
    services: Services, rules: Sequence[Rule], target: Target, changed: Collection[str] | None, base: CommitId | None
) -> Commanded:
    """Carry out those rules that are commands and about something that changed. Raises `GitError`.

    Args:
        services: what sessions share.
        rules: rules in force.
        target: the tree that is judged.
        changed: what the change touches; None: everything counts.
        base: where the change began.
    """
    due = commands(rules, changed)
    if not due:
        return Commanded()
    comparing = [rule for rule in due if compares(rule)]
    files = {}
    if base is not None and comparing:
        files = {path: str(blob) for path, blob in (await services.repository.list_files(base)).items()}
    try:
        compared = await base_of(comparing, files, services.repository.read_blobs, bases_of(services.paths))
    except OSError as error:
        why = f"what it compares with cannot be laid out: {error}"
        problems = [ScanProblem(message=why, rule=rule.id, path=rule.source) for rule in comparing]
        rest = await carry_out([one for one in due if one not in comparing], services.checks, target, changed, None)
        return Commanded(rest.hits, (*rest.problems, *problems), rest.rules)
    return await carry_out(due, services.checks, target, changed, compared)
