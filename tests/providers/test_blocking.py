"""Commands of a program that has no event loop."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from cockpit.providers.blocking import Begun

ENV = {"PATH": os.defpath}


def test_it_works_while_something_else_is_done(tmp_path: Path) -> None:
    with Begun(["sh", "-c", "cat; echo out; echo err >&2; exit 3"], cwd=tmp_path, env=ENV) as begun:
        ended = begun.end(20, 1000)
    assert (ended.exit_code, ended.stdout, ended.stderr) == (3, b"out\n", b"err\n")
    assert not ended.timed_out
    assert not ended.truncated


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    for command in ("exec sleep 50", "exec >&- 2>&-; exec sleep 50"):
        began = time.monotonic()
        ended = Begun(["sh", "-c", command], cwd=tmp_path, env=ENV).end(0.2, 1000)
        assert ended.timed_out
        assert ended.exit_code < 0
        assert time.monotonic() - began < 20


def test_what_says_too_much_is_ended(tmp_path: Path) -> None:
    ended = Begun(["sh", "-c", "exec yes"], cwd=tmp_path, env=ENV).end(20, 100_000)
    assert ended.truncated
    assert len(ended.stdout) == 100_000
    assert ended.exit_code < 0


def test_it_is_reaped_when_nobody_waits_for_its_end(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), Begun(["sleep", "50"], cwd=tmp_path, env=ENV) as begun:
        raise RuntimeError("stop")
    assert begun._process.returncode is not None
    with pytest.raises(FileNotFoundError):
        Begun(["no-such-program"], cwd=tmp_path, env=ENV)
