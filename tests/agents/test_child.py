from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from agents import child as child_module
from agents.child import Child, TooLong


async def _start(folder: Path, code: str) -> Child:
    argv = (sys.executable, "-c", code)
    return await Child.start(argv, cwd=folder, env=dict(os.environ), errors=folder / "errors.log")


async def test_lines_go_in_and_come_out(tmp_path: Path) -> None:
    child = await _start(tmp_path, "import sys\nfor line in sys.stdin: print(line.strip().upper(), flush=True)")
    lines = child.lines()
    await child.write(b"one\ntwo\n")
    assert [await anext(lines), await anext(lines)] == [b"ONE", b"TWO"]
    assert await child.stop() == 0  # its input ended
    assert [line async for line in lines] == []


async def test_a_gigantic_line_is_skipped_and_the_next_one_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_module, "LINE_LIMIT_BYTES", 1000)
    child = await _start(tmp_path, "print('x' * 300_000); print('y' * 1000); print('z' * 1001); print('end', end='')")
    lines = [line async for line in child.lines()]
    assert lines == [TooLong(300_000), b"y" * 1000, TooLong(1001), b"end"]
    assert await child.wait() == 0


async def test_errors_go_to_the_file_and_their_end_is_told(tmp_path: Path) -> None:
    child = await _start(tmp_path, "import sys; sys.stderr.write('a' * 9000 + ' it broke'); sys.exit(3)")
    assert await child.wait() == 3
    await child.stop()
    assert child.exit_status == 3
    assert child.last_words().endswith(" it broke")
    assert len(child.last_words()) <= 4000


async def test_what_left_its_group_is_killed_without_a_mark_and_without_a_parent(tmp_path: Path) -> None:
    code = (
        "import os, subprocess, sys\n"
        "between = 'import os, subprocess; os.setpgid(0, 0); '\n"
        'between += \'print(subprocess.Popen(["sleep", "600"], env={}).pid, flush=True)\'\n'
        "subprocess.run([sys.executable, '-c', between]); sys.stdin.read()"
    )
    child = await _start(tmp_path, code)
    first = await anext(child.lines())
    assert isinstance(first, bytes)
    orphan = psutil.Process(int(first))
    assert await child.stop() == 0
    orphan.wait(timeout=10)


async def test_a_deaf_child_and_its_children_are_killed(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "inner = subprocess.Popen(['sleep', '600']); print(inner.pid, flush=True); time.sleep(600)"
    )
    child = await _start(tmp_path, code)
    first = await anext(child.lines())
    assert isinstance(first, bytes)
    inner = psutil.Process(int(first))
    assert await child.stop(grace_s=0.1) == -9
    inner.wait(timeout=10)
    with pytest.raises(BrokenPipeError, match="has ended"):
        await child.write(b"anybody?\n")


async def test_what_left_the_group_and_holds_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    code = (
        "import subprocess; inner = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print(inner.pid, flush=True)"
    )
    child = await _start(tmp_path, code)
    first = await anext(child.lines())
    assert isinstance(first, bytes)
    assert await child.stop(grace_s=0.1) == 0
    psutil.Process(int(first)).kill()


async def test_a_missing_program_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Child.start(("no-such-agent",), cwd=tmp_path, env={"PATH": "/bin"}, errors=tmp_path / "errors.log")
