"""`python -m tests.supervisor.rules_child REPOSITORY`: a supervisor that dies at one moment of a decision on a rule."""

from __future__ import annotations

import os
import runpy
import signal
from typing import Any

from cockpit.providers.git import Repository
from cockpit.supervisor.rules import news as rule_news
from cockpit.supervisor.rules.news import RuleNews
from tests.supervisor import fake_driver

MOMENT = "DIE_AT"
"""`before` or `after` the branch moves, `in force` before anybody has heard of it, or when the first one is `told`."""

_land, _heard = Repository.land, rule_news.heard


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _dying_land(self: Repository, *words: Any) -> Any:
    if os.environ[MOMENT] == "before":
        _die()
    await _land(self, *words)
    _die()


async def _dying_heard(*words: Any) -> None:
    await _heard(*words)
    _die()


def _arm(moment: str) -> None:
    match moment:
        case "before" | "after":
            setattr(Repository, "land", _dying_land)  # noqa: B010 - the moment of death is the test
        case "in force":
            setattr(RuleNews, "spread", lambda *_: _die())  # noqa: B010 - as above
        case "told":
            setattr(rule_news, "heard", _dying_heard)  # noqa: B010 - as above
        case _:
            raise ValueError(moment)


if __name__ == "__main__":
    _arm(os.environ[MOMENT])
    fake_driver.register()
    runpy.run_module("cockpit.supervisor", run_name="__main__", alter_sys=True)
