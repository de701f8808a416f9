"""Conversations recorded with the real codex mean today what they meant when they were recorded.

After a change that is meant, or for a new version: `python -m tests.agents.codex.record`, and look at the difference.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.agents.codex.replay import TRACES, replay


@pytest.mark.parametrize("trace", sorted(TRACES.glob("*.jsonl")), ids=lambda trace: trace.stem)
def test_a_recorded_conversation(trace: Path) -> None:
    expected = json.loads(trace.with_suffix(".events.json").read_text(encoding="utf-8"))
    assert replay(trace) == expected


def test_everything_was_recorded() -> None:
    assert {trace.stem for trace in TRACES.glob("*.jsonl")} == {
        "asked",
        "interrupted",
        "redirected",
        "resumed",
        "worked",
    }
