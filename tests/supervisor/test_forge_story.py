"""The story at a real supervisor's socket: one mistake in two sessions, a rule of it, and a third that is stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

from cockpit.journal.types import FindingsSent
from cockpit.protocol.forge import CloseForge, FollowForge, GetRuleFiles, OpenForge
from cockpit.protocol.rules import AcceptRule
from cockpit.protocol.types import Undo
from cockpit.rules.types.forging import ForgeView, Offence, Pointed, Progress
from tests.supervisor.world import CONFIG, S, git, make_repository, open_world

WITHIN_S = 40.0


async def test_a_mistake_of_two_sessions_becomes_a_rule_that_stops_the_third(tmp_path: Path, home: Path) -> None:
    repository = make_repository(tmp_path / "repo", CONFIG)
    async with open_world(repository) as world:
        ana = await world.start()
        first = await ana.task("write a.py requests.get(url)", "say no")
        second = await ana.task("write b.py requests.get(url)", "say no")
        for session in (first, second):
            await ana.status(session, S.READY)
        offence = Offence(
            kind=Pointed.DIFF_LINE,
            session=first,
            path="a.py",
            line=1,
            fix="requests.get(url, timeout=10)",
            said="outbound call without a timeout",
            remedy="pass timeout=10",
        )
        forge = str((await ana.call(OpenForge(offences=(offence,))))["forge"])
        view = ForgeView()
        async with asyncio.timeout(WITHIN_S):
            while view.progress is not Progress.JUDGED or not view.books:
                view = ForgeView.model_validate(await ana.call(FollowForge(forge=forge, after=view.version)))
        best = next(book for book in view.books if book.is_proven and book.in_sessions == 2)
        made = await ana.call(GetRuleFiles(forge=forge, candidate=best.number))
        accepted = await ana.call(AcceptRule(rule=made["rule"], files=made["files"]))
        await ana.call(CloseForge(forge=forge))
        assert accepted["rule"] == "outbound-call-without-timeout"
        assert git(repository, "show", f"main:.cockpit/rules/{accepted['rule']}.yml")
        third = await ana.task("write c.py requests.get(where)", "write c.py requests.get(where, timeout=3)")
        sent = (await ana.kind(third, FindingsSent))[0]
        assert [(one.check, one.code) for one in sent.new] == [("rules", accepted["rule"])]
        await ana.status(third, S.READY)
        await ana.call(Undo())
        assert git(repository, "ls-tree", "-r", "--name-only", "main", ".cockpit/rules") == ""
