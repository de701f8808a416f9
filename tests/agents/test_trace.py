from __future__ import annotations

from pathlib import Path

import pytest

from agents import trace as trace_module
from agents.trace import Trace, read


def test_frames_are_kept_in_order_without_secrets(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace.jsonl", secrets=["correct-horse-battery", ""])
    trace.add("out", {"method": "initialize", "headers": {"X": "correct-horse-battery"}})
    trace.add("in", b'{"id": 1}\xff')
    trace.close()
    (_, said), (way, heard) = read(tmp_path / "trace.jsonl")
    assert "correct-horse" not in said
    assert '"method": "initialize"' in said
    assert (way, heard) == ("in", '{"id": 1}\ufffd')


def test_a_long_trace_is_rolled_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_module, "_LIMIT_BYTES", 2000)
    trace = Trace(tmp_path / "trace.jsonl")
    for number in range(100):
        trace.add("in", f"frame {number} " + "." * 50)
    trace.close()
    kept = [frame for _, frame in read(tmp_path / "trace.old.jsonl") + read(tmp_path / "trace.jsonl")]
    assert kept[-1].startswith("frame 99 ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trace.jsonl", "trace.old.jsonl"]
    assert all(path.stat().st_size <= 2000 for path in tmp_path.iterdir())
