"""Git processes: stopped with their caller, and none left behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from cockpit.providers.git import CommandFailed
from cockpit.providers.git.run import Git
from tests.providers.git_story import make_repository, story, write


def fake_git(folder: Path, script: str) -> Git:
    program = folder / "git"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return Git(None, program=str(program))


async def alive_in(pid_file: Path) -> list[psutil.Process]:
    while not (pid_file.exists() and pid_file.read_text().endswith("\n")):
        await asyncio.sleep(0)
    return [psutil.Process(int(pid)) for pid in pid_file.read_text().split()]


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("stubborn", [False, True])
async def test_cancelling_ends_the_whole_process_group(tmp_path: Path, stubborn: bool) -> None:
    pids = tmp_path / "pids"
    trap = "trap '' TERM; " if stubborn else ""
    git = fake_git(tmp_path, f"{trap}sleep 50 & echo $$ $! > {pids}; wait; wait")
    task = asyncio.create_task(git.run("status"))
    processes = await alive_in(pids)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10):  # who is no child of ours is buried by the system, a moment later
        while not all(is_gone(process) for process in processes):
            await asyncio.sleep(0.01)


async def test_a_command_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    git = fake_git(tmp_path, f"echo $$ > {pids}; exec sleep 50")
    with pytest.raises(CommandFailed, match="stopped after"):
        await git.run("status", timeout_s=0.3)
    assert not psutil.pid_exists(int(pids.read_text()))


async def test_endless_output_is_cut_and_a_closed_input_survived(tmp_path: Path) -> None:
    found = await fake_git(tmp_path, "exec yes").run("status", limit_bytes=100_000)
    assert (len(found.stdout), found.truncated) == (100_000, True)
    assert (await fake_git(tmp_path, "exit 0").run("status", stdin=b"x" * 1_000_000)).code == 0


async def test_a_cancelled_snapshot_leaves_a_usable_index(tmp_path: Path) -> None:
    template = make_repository(tmp_path / "template")
    async with story(template, tmp_path) as at:
        write(at.work.path, {f"many/{number}": f"{number}\n" for number in range(300)})
        for delay_ms in (1, 5, 10, 15, 25):
            try:
                async with asyncio.timeout(delay_ms / 1000):
                    await at.work.snapshot()
            except TimeoutError:
                pass
        assert len(await at.names(await at.work.snapshot())) == 304


async def test_fifty_operations_leave_no_process_and_no_descriptor(tmp_path: Path) -> None:
    template = make_repository(tmp_path / "template")
    async with story(template, tmp_path) as at:
        me = psutil.Process()
        await at.work.snapshot()
        before = me.num_fds()
        others = {child.pid for child in me.children(recursive=True)}  # of tests that ran before
        for number in range(10):
            write(at.work.path, {"f.txt": f"{number}\n"})
            tree = await at.work.snapshot()
            await at.repo.diff(at.base, tree, limit_bytes=10)
            await at.repo.diff_stat(at.base, tree)
            await at.repo.list_files(tree)
            await at.work.commit(f"{number}", tree)
        assert {child.pid for child in me.children(recursive=True)} <= others
        assert me.num_fds() <= before
        assert not list((at.folder / "state").rglob("*.lock"))
        assert os.getpgrp() == os.getpgid(0)
