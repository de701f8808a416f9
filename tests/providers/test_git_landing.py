"""Landing: the branch and a person's checkout move together, or nothing does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from cockpit.providers.git import CheckoutBlocked, Landed, NotFastForward, Repository, TargetMoved
from tests.providers.git_story import Story, git, make_repository, story, write


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("template") / "r")


@pytest.fixture
async def at(template: Path, tmp_path: Path) -> AsyncIterator[Story]:
    async with story(template, tmp_path) as opened:
        yield opened


async def test_a_clean_checkout_follows(at: Story) -> None:
    (at.work.path / "g.bin").unlink()
    tip = await at.commit({"f.txt": "new\n", "deep/er/x": "x\n"})
    write(at.root, {"untracked": "mine\n"})
    assert await at.repo.land("main", at.base, tip) == Landed(tip, moved=(at.root,))
    assert git(at.root, "status", "--porcelain") == "?? untracked\n"
    assert git(at.root, "rev-parse", "HEAD").strip() == tip
    assert (at.root / "f.txt").read_text() == "new\n"
    assert not (at.root / "g.bin").exists()
    assert "cockpit: land" in git(at.root, "reflog", "main")
    assert f"{tip[:7]} HEAD@{{0}}: cockpit: land" in git(at.root, "reflog")
    assert await at.repo.is_merged("cockpit/ag", "main")


async def test_every_persons_checkout_follows_and_no_session_is_touched(at: Story) -> None:
    git(at.root, "checkout", "-q", "--detach")
    git(at.root, "worktree", "add", "-q", str(at.folder / "other"), "main")
    tip = await at.commit({"f.txt": "new\n"})
    assert await at.repo.land("main", at.base, tip) == Landed(tip, moved=(at.folder / "other",))
    assert git(at.folder / "other", "status", "--porcelain") == ""
    assert git(at.root, "rev-parse", "HEAD").strip() == at.base


@pytest.mark.parametrize("how", ["edited", "staged", "in the way", "merging", "locked", "deleted"])
async def test_a_checkout_that_cannot_follow_blocks_everything(at: Story, how: str) -> None:
    tip = await at.commit({"f.txt": "new\n", "way": "x\n"})
    match how:
        case "edited":
            write(at.root, {"pkg/one.py": "one = 2\n"})
        case "staged":
            write(at.root, {"staged": "s\n"})
            git(at.root, "add", "staged")
        case "in the way":
            write(at.root, {"way": "mine\n"})
        case "merging":
            (at.root / ".git/MERGE_HEAD").write_text(f"{at.base}\n")
        case "locked":
            (at.root / ".git/index.lock").touch()
        case _:
            (at.root / "g.bin").unlink()
    before = git(at.root, "status", "--porcelain", "-uall"), (at.root / ".git/index").read_bytes()
    blocked = await at.repo.land("main", at.base, tip)
    assert isinstance(blocked, CheckoutBlocked)
    assert blocked.path == at.root
    if how in ("edited", "staged", "in the way", "deleted"):
        assert blocked.files
        assert not (at.root / ".git/index.lock").exists()
    assert await at.repo.branch_tip("main") == at.base
    assert (git(at.root, "status", "--porcelain", "-uall"), (at.root / ".git/index").read_bytes())[0] == before[0]
    assert (at.root / "f.txt").read_text() == "a\nc\n"


async def test_files_kept_through_a_filter_block_a_checkout(at: Story) -> None:
    git(at.root, "config", "filter.big.smudge", "cat")
    write(at.root, {".gitattributes": "*.big filter=big\n"})
    git(at.root, "add", "-A")
    git(at.root, "commit", "-qm", "Attributes")
    base = await at.repo.resolve("main")
    repo = await Repository.open(at.root, at.folder / "state")
    work = await repo.add_worktree("big", at.folder / "big", "cockpit/big", base)
    write(work.path, {"x.big": "x\n"})
    tip = await work.commit("Big", await work.snapshot())
    blocked = await repo.land("main", base, tip)
    assert isinstance(blocked, CheckoutBlocked)
    assert blocked.files == ("x.big",)


async def test_a_moved_target_and_a_sideways_commit_are_refused(at: Story) -> None:
    tip = await at.commit({"f.txt": "new\n"})
    write(at.root, {"own": "o\n"})
    git(at.root, "add", "-A")
    git(at.root, "commit", "-qm", "Own")
    own = await at.repo.resolve("main")
    assert await at.repo.land("main", at.base, tip) == TargetMoved("main", own)
    assert await at.repo.land("main", own, tip) == NotFastForward("main", own)
    assert await at.repo.land("none", own, tip) == TargetMoved("none", None)


async def test_of_two_that_land_at_once_one_wins(at: Story) -> None:
    two = await Repository.open(at.root, at.folder / "state2")
    tree = await at.repo.tree_of(at.base)
    tips = [await at.repo.commit_tree(tree, [at.base], f"Side {number}") for number in range(2)]
    results = await asyncio.gather(at.repo.land("main", at.base, tips[0]), two.land("main", at.base, tips[1]))
    landed = [result for result in results if isinstance(result, Landed)]
    assert len(landed) == 1
    assert await at.repo.branch_tip("main") == landed[0].commit
    assert git(at.root, "status", "--porcelain") == ""


async def test_a_cancelled_landing_is_whole_or_not_at_all(at: Story) -> None:
    tip = await at.commit({"f.txt": "new\n"})
    tip_of = {at.base: "a\nc\n", tip: "new\n"}
    for delay_ms in (0, 10, 20, 30, 40, 60):
        with suppress(TimeoutError):
            async with asyncio.timeout(delay_ms / 1000):
                await at.repo.land("main", at.base, tip)
        now = await at.repo.resolve("main")
        assert (at.root / "f.txt").read_text() == tip_of[now]
        assert git(at.root, "status", "--porcelain") == ""
        assert not (at.root / ".git/index.lock").exists()


async def test_a_landing_cut_short_by_a_crash_is_completed(at: Story) -> None:
    tip = await at.commit({"f.txt": "new\n"})
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (at.root / ".git/index.lock").write_text(f"cockpit {dead.pid}\n")
    git(at.root, "update-ref", "refs/heads/main", tip)
    assert await at.repo.land("main", at.base, tip) == Landed(tip, moved=(at.root,))
    assert git(at.root, "status", "--porcelain") == ""
    assert await at.repo.land("main", at.base, tip) == Landed(tip)


async def test_a_half_moved_checkout_is_completed_too(at: Story) -> None:
    tip = await at.commit({"f.txt": "new\n", "more": "m\n"})
    git(at.root, "update-ref", "refs/heads/main", tip)
    write(at.root, {"f.txt": "new\n", "more": "m\n"})
    assert await at.repo.land("main", at.base, tip) == Landed(tip, moved=(at.root,))
    assert git(at.root, "status", "--porcelain") == ""


async def test_a_checkout_edited_after_a_crash_is_left_alone(at: Story) -> None:
    tip = await at.commit({"f.txt": "new\n"})
    git(at.root, "update-ref", "refs/heads/main", tip)
    write(at.root, {"f.txt": "precious\n"})
    assert await at.repo.land("main", at.base, tip) == Landed(tip, left_behind=(at.root,))
    assert (at.root / "f.txt").read_text() == "precious\n"


async def test_a_bare_repository_works_throughout(template: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(template), str(bare))
    repo = await Repository.open(bare, tmp_path / "state")
    assert repo.is_bare
    assert (repo.root, await repo.current_branch()) == (bare, "main")
    base = await repo.resolve("HEAD")
    work = await repo.add_worktree("s", tmp_path / "w", "cockpit/s", base)
    write(work.path, {"f.txt": "new\n"})
    tip = await work.commit("c", await work.snapshot())
    assert await repo.land("main", base, tip) == Landed(tip)
    assert git(bare, "rev-parse", "main").strip() == tip
    assert git(work.path, "status", "--porcelain") == ""
    await repo.remove_worktree(work)
    assert list((bare / "worktrees").iterdir()) == []
