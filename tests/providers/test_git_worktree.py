"""A session's work tree: added, looked at, committed, removed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cockpit.providers.git import GitError, OperationUnderWay, TooLarge, WorkspaceGone, WouldLose
from tests.providers.git_story import Story, git, make_repository, story, write


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("template") / "r")


@pytest.fixture
async def at(template: Path, tmp_path: Path) -> AsyncIterator[Story]:
    async with story(template, tmp_path) as opened:
        yield opened


async def test_git_itself_sees_a_clean_linked_worktree(at: Story) -> None:
    assert f"{at.work.path} " in git(at.root, "worktree", "list")
    assert git(at.work.path, "status", "--porcelain") == ""
    assert git(at.work.path, "branch", "--show-current") == "cockpit/ag\n"
    assert not await at.work.is_dirty()
    git(at.root, "fsck", "--strict")


async def test_a_snapshot_is_the_exact_tree(at: Story) -> None:
    write(at.work.path, {".gitignore": "*.log\nbuild/\n", "out.log": "x", "build/o": "x", "new/deep.txt": "n\n"})
    (at.work.path / "f.txt").unlink()
    script = at.work.path / "run.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    (at.work.path / "out").symlink_to("/etc/passwd")
    tree = await at.work.snapshot()
    assert await at.names(tree) == {
        ".gitignore", "g.bin", "pkg/one.py", "pkg/two.py", "new/deep.txt", "run.sh", "out",
    }  # fmt: skip
    assert "100755 blob" in git(at.root, "ls-tree", tree, "run.sh")
    assert (await at.repo.read_file(tree, "out", 100)).data == b"/etc/passwd"
    script.chmod(0o644)
    assert await at.work.snapshot() != tree


async def test_a_snapshot_of_far_too_much_is_refused_by_name_and_works_again_without_it(at: Story) -> None:
    write(at.work.path, {"f.txt": "changed\n"})
    huge = at.work.path / "data" / "huge.bin"
    huge.parent.mkdir()
    huge.touch()
    os.truncate(huge, 10 << 30)  # sparse: it takes no room
    with pytest.raises(TooLarge, match=r"10,240 MiB, more than 512 MiB: 'data/huge.bin', 'f.txt'.*gitignore"):
        await at.work.snapshot()
    write(at.work.path, {".gitignore": "data/\n"})
    assert await at.names(await at.work.snapshot()) >= {"f.txt", ".gitignore"}


async def test_a_snapshot_agrees_with_git_add(at: Story) -> None:
    (at.work.path / "pkg/one.py").unlink()
    write(at.work.path, {"f.txt": "changed\n", "a/b/c": "1", " lead": "s", "-dash": "d"})
    tree = await at.work.snapshot()
    git(at.work.path, "add", "-A")
    assert git(at.work.path, "write-tree").strip() == tree


async def test_files_and_folders_may_take_each_others_place(at: Story) -> None:
    (at.work.path / "f.txt").unlink()
    write(at.work.path, {"f.txt/inner": "x"})
    shutil.rmtree(at.work.path / "pkg")
    (at.work.path / "pkg").symlink_to("/etc")
    assert await at.names(await at.work.snapshot()) == {"f.txt/inner", "g.bin", "pkg"}


async def test_names_are_kept_byte_for_byte(at: Story) -> None:
    names = {"line\nbreak", "tab\t", "\x1b[31mred", os.fsdecode(b"latin\xe9"), 'quo"te', "back\\slash", "§"}
    for name in names:
        (at.work.path / name).write_text("1\n")
    tree = await at.work.snapshot()
    assert names <= await at.names(tree)
    assert {stat.path for stat in await at.repo.diff_stat(at.base, tree)} == names
    assert (await at.repo.read_file(tree, os.fsdecode(b"latin\xe9"), 10)).data == b"1\n"
    assert "\x1b" not in (await at.repo.diff(at.base, tree)).replace("+1", "")
    await at.repo.materialise(tree, at.folder / "m")
    assert names <= {entry.name for entry in (at.folder / "m").iterdir()}


async def test_line_ends_follow_the_attributes(at: Story) -> None:
    (at.work.path / ".gitattributes").write_text("*.txt text eol=crlf\n")
    (at.work.path / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    (at.work.path / "raw.dat").write_bytes(b"one\r\n")
    tree = await at.work.snapshot()
    assert (await at.repo.read_file(tree, "dos.txt", 100)).data == b"one\ntwo\n"
    assert (await at.repo.read_file(tree, "raw.dat", 100)).data == b"one\r\n"
    await at.work.commit("Ends", tree)
    assert git(at.work.path, "status", "--porcelain") == ""
    await at.repo.materialise(tree, at.folder / "m")
    assert (at.folder / "m/dos.txt").read_bytes() == b"one\r\ntwo\r\n"


async def test_an_empty_tree_is_a_tree(at: Story) -> None:
    for entry in ("f.txt", "g.bin", "pkg"):
        path = at.work.path / entry
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    tree = await at.work.snapshot()
    assert await at.repo.list_files(tree) == {}
    assert [stat.status for stat in await at.repo.diff_stat(at.base, tree)] == ["D"] * 4
    await at.repo.materialise(tree, at.folder / "m")
    assert list((at.folder / "m").iterdir()) == []


async def test_an_edit_in_the_same_instant_and_size_is_seen(at: Story) -> None:
    seen = set()
    for number in range(10):
        (at.work.path / "f.txt").write_text(f"a\n{number}\n")
        seen.add(await at.work.snapshot())
    assert len(seen) == 10


async def test_a_nested_repository_is_left_out_and_named(at: Story) -> None:
    write(at.work.path, {"sub/x": "x\n", "mine": "m\n"})
    git(at.work.path / "sub", "init", "-q")
    git(at.work.path / "sub", "add", "-A")
    git(at.work.path / "sub", "commit", "-qm", "s")
    tree = await at.work.snapshot()
    assert at.work.left_out == ("sub/",)
    assert {"mine"} <= await at.names(tree)
    await at.work.commit("Mine", tree)
    with pytest.raises(WouldLose) as refused:
        await at.repo.remove_worktree(at.work, into="cockpit/ag")
    assert refused.value.nested == ("sub/",)


async def test_a_submodule_keeps_its_place_and_follows_its_head(at: Story) -> None:
    sub = at.work.path / "sub"
    write(sub, {"x": "x\n"})
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "s"]):
        git(sub, *words)
    git(at.work.path, "add", "sub")
    git(at.work.path, "commit", "-qm", "Add sub")
    # Once it is in a commit, our index learns of it when it is read again from there.
    work = await at.repo.add_worktree("two", at.folder / "w2", "cockpit/two", await at.repo.resolve("cockpit/ag"))
    assert (work.path / "sub").is_dir()
    assert not await work.is_dirty()
    assert "160000 commit" in git(at.root, "ls-tree", await work.snapshot(), "sub")


async def test_a_commit_leaves_the_agents_git_in_step(at: Story) -> None:
    tip = await at.commit({"f.txt": "z\n", "new": "n\n"}, "One\n\nWith a body: é")
    assert git(at.work.path, "status", "--porcelain") == ""
    assert git(at.work.path, "log", "-1", "--format=%H %an <%ae> %s|%b").startswith(
        f"{tip} Ann <ann@example.org> One|With"
    )
    assert await at.work.commit("Nothing new", await at.work.snapshot()) == tip
    assert await at.repo.branch_tip("cockpit/ag") == tip
    (at.work.path / "f.txt").write_text("y\n")
    assert git(at.work.path, "status", "--porcelain") == " M f.txt\n"


async def test_a_commit_builds_on_the_agents_own(at: Story) -> None:
    at.edit(mine="1\n")
    git(at.work.path, "add", "-A")
    git(at.work.path, "commit", "-qm", "By the agent")
    git(at.work.path, "checkout", "-q", "--detach")
    git(at.work.path, "commit", "-q", "--allow-empty", "-m", "Detached")
    tip = await at.commit({"mine": "2\n"}, "By us")
    subjects = git(at.root, "log", "--format=%s", tip, f"^{at.base}").splitlines()
    assert subjects == ["By us", "Detached", "By the agent"]
    assert (await at.work.head()).branch == "cockpit/ag"
    assert git(at.work.path, "status", "--porcelain") == ""


async def test_a_merge_under_way_is_left_to_the_agent_and_a_rebase_refused(at: Story) -> None:
    await at.commit({"f.txt": "ours\n"})
    git(at.work.path, "checkout", "-q", "-b", "side", at.base)
    write(at.work.path, {"f.txt": "theirs\n"})
    git(at.work.path, "commit", "-qam", "Theirs")
    git(at.work.path, "checkout", "-q", "cockpit/ag")
    git(at.work.path, "merge", "side", check=False)
    tip = await at.commit({"f.txt": "both\n"})
    git(at.work.path, "add", "-A")
    git(at.work.path, "commit", "-q", "--no-edit")
    assert git(at.work.path, "log", "-1", "--format=%P").split()[0] == tip
    git(at.work.path, "checkout", "-q", "-B", "cockpit/ag", tip)
    git(at.work.path, "rebase", "-q", "side", check=False)
    with pytest.raises(OperationUnderWay, match="rebase"):
        await at.work.commit("No", await at.work.snapshot())


async def test_pruned_content_is_read_again(at: Story) -> None:
    at.edit(**{"f.txt": "pruned\n"})
    await at.work.snapshot()
    blob = git(at.work.path, "hash-object", "f.txt").strip()
    (at.root / f".git/objects/{blob[:2]}/{blob[2:]}").unlink()
    at.edit(**{"g.bin": "next\n"})
    tree = await at.work.snapshot()
    assert (await at.repo.read_file(tree, "f.txt", 100)).data == b"pruned\n"


async def test_adding_again_adopts_and_repairs(at: Story) -> None:
    at.edit(mine="kept\n")
    (at.work.path / ".git").write_text("gitdir: /nowhere\n")
    assert await at.repo.add_worktree("ag", at.work.path, "cockpit/ag", at.base) == at.work
    assert git(at.work.path, "status", "--porcelain") == "?? mine\n"
    shutil.rmtree(at.root / ".git/worktrees/cockpit-ag")
    await at.repo.add_worktree("ag", at.work.path, "cockpit/ag", at.base)
    assert git(at.work.path, "status", "--porcelain") == "?? mine\n"
    assert await at.repo.list_worktrees() == [at.work]


async def test_a_rewritten_git_file_changes_nothing_for_us(at: Story) -> None:
    (at.work.path / ".git").unlink()
    git(at.work.path, "init", "-q")
    at.edit(mine="1\n")
    tip = await at.commit({"mine": "1\n"})
    assert await at.names(tip) == {"f.txt", "g.bin", "pkg/one.py", "pkg/two.py", "mine"}
    with pytest.raises(GitError, match="of its own"):
        await at.repo.add_worktree("ag", at.work.path, "cockpit/ag", at.base)


async def test_a_deleted_workspace_is_said_to_be_gone_and_comes_back(at: Story) -> None:
    tip = await at.commit({"mine": "1\n"})
    shutil.rmtree(at.work.path)
    for look in (at.work.snapshot, at.work.is_dirty):
        with pytest.raises(WorkspaceGone):
            await look()
    at.work.path.symlink_to("/etc")
    with pytest.raises(WorkspaceGone):
        await at.work.snapshot()
    again = await at.repo.add_worktree("ag", at.work.path, "cockpit/ag", at.base)
    assert (again.path / "mine").read_text() == "1\n"
    assert await again.snapshot() == await at.repo.tree_of(tip)


async def test_names_in_use_get_numbers_and_impossible_ones_are_refused(at: Story) -> None:
    two = await at.repo.add_worktree("b", at.folder / "b", "cockpit/ag", at.base)
    three = await at.repo.add_worktree("c", at.folder / "c", "cockpit/ag", at.base)
    assert (two.branch, three.branch) == ("cockpit/ag-2", "cockpit/ag-3")
    for session, path, branch in (
        ("../x", "d", "cockpit/x"),
        ("x", "d", "cockpit/../x"),
        ("x", "d", "-x"),
        ("x", "r", "cockpit/x"),
        ("ag", "other", "cockpit/ag"),
        ("x", "d", "main/x"),
    ):
        with pytest.raises(GitError):
            await at.repo.add_worktree(session, at.folder / path, branch, at.base)
    assert len(await at.repo.list_worktrees()) == 3


async def test_removing_refuses_to_lose_work_and_keeps_the_branch(at: Story) -> None:
    at.edit(mine="1\n")
    with pytest.raises(WouldLose) as refused:
        await at.repo.remove_worktree(at.work)
    assert refused.value.dirty == ("mine",)
    await at.commit({})
    with pytest.raises(WouldLose) as refused:
        await at.repo.remove_worktree(at.work, into="main")
    assert (refused.value.dirty, refused.value.unmerged) == ((), 1)
    (at.work.path / "locked").mkdir(mode=0o500)
    await at.repo.remove_worktree(at.work, force=True)
    assert not at.work.path.exists()
    assert await at.repo.branch_exists("cockpit/ag")
    assert len(git(at.root, "worktree", "list").splitlines()) == 1
    with pytest.raises(WouldLose):
        await at.repo.delete_branch("cockpit/ag")
    await at.repo.delete_branch("cockpit/ag", force=True)
    assert not await at.repo.branch_exists("cockpit/ag")
    assert await at.repo.list_worktrees() == []


async def test_many_worktrees_are_looked_at_at_once(at: Story) -> None:
    async with asyncio.TaskGroup() as group:
        adding = [
            group.create_task(at.repo.add_worktree(f"s{n}", at.folder / f"s{n}", f"cockpit/s{n}", at.base))
            for n in range(6)
        ]
    works = [task.result() for task in adding]
    for number, work in enumerate(works):
        write(work.path, {"mine": f"{number}\n"})
    trees = await asyncio.gather(*(work.snapshot() for work in works for _ in range(3)))
    assert len(set(trees)) == 6
    commits = await asyncio.gather(*(work.commit("c", trees[n * 3]) for n, work in enumerate(works)))
    assert len(set(commits)) == 6
    assert set(await at.repo.disk_use()) == {"ag", *(work.session for work in works)}
    assert all(use.files >= 4 and use.size_bytes > 0 for use in (await at.repo.disk_use()).values())


async def test_merging_brings_the_other_side_in_and_marks_what_both_changed(at: Story) -> None:
    other = await at.repo.add_worktree("o", at.folder / "o", "cockpit/o", at.base)
    write(other.path, {"f.txt": "theirs\nc\n", "pkg/two.py": "two = 22\n", "new.txt": "n\n"})
    theirs = await other.commit("Theirs", await other.snapshot())
    write(at.work.path, {".gitignore": "build/\n", "build/cache": "kept", "f.txt": "ours\nc\n", "loose.txt": "not yet"})

    merged = await at.work.merge(theirs, "Merge")

    assert [conflict.path for conflict in merged.conflicts] == ["f.txt"]
    text = (at.work.path / "f.txt").read_text()
    assert "<<<<<<< " in text and "ours" in text and "theirs" in text
    assert (at.work.path / "pkg/two.py").read_text() == "two = 22\n"
    assert (at.work.path / "loose.txt").read_text() == "not yet"
    assert (at.work.path / "build/cache").read_text() == "kept"
    assert git(at.work.path, "status", "--porcelain") == ""
    assert await at.repo.merge_base(await at.work.tip(), theirs) == theirs
    write(at.work.path, {"f.txt": "both\nc\n"})
    resolved = await at.work.commit("Resolve", await at.work.snapshot())
    assert (await at.repo.merge_trees(theirs, resolved)).tree == await at.repo.tree_of(resolved)


async def test_merging_refuses_to_overwrite_what_git_does_not_keep(at: Story) -> None:
    other = await at.repo.add_worktree("o", at.folder / "o", "cockpit/o", at.base)
    write(other.path, {"build/cache": "theirs"})
    theirs = await other.commit("Theirs", await other.snapshot())
    write(at.work.path, {".gitignore": "build/\n", "build/cache": "mine"})
    with pytest.raises(GitError):
        await at.work.merge(theirs, "Merge")
    assert (at.work.path / "build/cache").read_text() == "mine"
    tree = await at.work.snapshot()
    assert "build/cache" not in await at.names(tree)
