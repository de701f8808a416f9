"""An agent's tree and repository may hold anything: no command of ours may run code from them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cockpit.providers.git import CheckoutBlocked, GitError, Landed, Repository
from tests.providers.git_story import PLAIN, Story, git, make_repository, story

HOOKS = (
    "applypatch-msg fsmonitor-watchman post-checkout post-commit post-index-change post-merge post-receive "
    "post-rewrite pre-auto-gc pre-commit pre-push pre-rebase prepare-commit-msg pre-receive proc-receive "
    "reference-transaction update"
)
AT = "git add .gitattributes; git commit -qm at"
ATTACKS = {
    "fsmonitor": 'git config core.fsmonitor "$X;false"',
    "hooks": 'for h in $HOOKS; do printf "#!/bin/sh\\n$X\\n" > $R/.git/hooks/$h; chmod +x $R/.git/hooks/$h; done',
    "hooksPath": 'mkdir .h; for h in $HOOKS; do printf "#!/bin/sh\\n$X\\n" > .h/$h; chmod +x .h/$h; done;'
    " git config core.hooksPath $W/.h",
    "filter": 'git config filter.e.clean "$X;cat"; git config filter.e.smudge "$X;cat";'
    ' echo "*.txt filter=e" > .gitattributes',
    "smudge-committed": f'git config filter.e.smudge "$X;cat"; echo "*.txt filter=e" > .gitattributes; {AT}',
    "filter-process": 'git config filter.e.process "$X;false"; git config filter.e.required true;'
    ' echo "*.txt filter=e" > .gitattributes',
    "diff-external": 'git config diff.external "$X;true"',
    "textconv": 'git config diff.e.textconv "$X;cat"; echo "* diff=e" > .gitattributes',
    "diff-command": 'git config diff.e.command "$X;true"; echo "* diff=e" > .gitattributes',
    "merge-driver": f'git config merge.e.driver "$X;true"; git config merge.default e;'
    f' echo "* merge=e" > .gitattributes; {AT}; echo "* merge=e" > $R/.git/info/attributes',
    "pager": 'git config core.pager "$X;cat"; for c in diff status log; do git config pager.$c "$X;cat"; done',
    "gpg": 'git config gpg.program "$W/.x"; printf "#!/bin/sh\\n$X\\n" > .x; chmod +x .x;'
    " git config log.showSignature true; git config commit.gpgSign true",
    "transport": 'git config core.sshCommand "$X"; git config uploadpack.packObjectsHook "$X;false";'
    ' git config protocol.ext.allow always; git remote add ev "ext::sh -c $X"; git config remote.ev.promisor true;'
    " git config extensions.partialClone ev; git config core.alternateRefsCommand '$X'",
    "nested-fsmonitor": "git init -q sub; cd sub; echo x > x; git add -A; git commit -qm s; cd ..; git add sub;"
    ' git commit -qm sub; git -C sub config core.fsmonitor "$X;false"; echo y >> sub/x',
    "nested-filter": "git init -q sub; cd sub; echo x > x; git add -A; git commit -qm s; cd ..; git add sub;"
    ' git commit -qm sub; git -C sub config filter.e.clean "$X;cat"; echo "* filter=e" > sub/.gitattributes;'
    " echo z > sub/x",
    "git-file": "cp -r $R/.git ../evil; rm -rf ../evil/worktrees; git --git-dir=../evil config core.bare false;"
    ' git --git-dir=../evil config core.fsmonitor "$X;false"; rm .git; echo "gitdir: $W/../evil" > .git',
    "git-folder": 'rm .git; git init -q .; git config core.fsmonitor "$X;false"; git config filter.e.clean "$X;cat";'
    ' echo "* filter=e" > .gitattributes',
    "commondir": 'cp -r $R/.git ../evil; git --git-dir=../evil config core.fsmonitor "$X;false";'
    " echo $W/../evil > $R/.git/worktrees/cockpit-ag/commondir",
    "worktree-config": 'git config extensions.worktreeConfig true; git config --worktree core.fsmonitor "$X;false";'
    ' git config include.path $W/.inc; printf "[core]\\nfsmonitor = $X\\n" > .inc',
}


async def snapshot(at: Story) -> None:
    await at.work.snapshot()


async def dirty(at: Story) -> None:
    await at.work.is_dirty()
    await at.work.head()


async def diff(at: Story) -> None:
    tree = await at.work.snapshot()
    await at.repo.diff(at.base, tree)
    await at.repo.diff_stat(at.base, tree)


async def commit(at: Story) -> None:
    await at.work.commit("Work", await at.work.snapshot())


async def merge(at: Story) -> None:
    await commit(at)
    tip = await at.repo.resolve("cockpit/ag")
    tree = await at.repo.tree_of(at.base)
    side = await at.repo.commit_tree(tree, [await at.repo.resolve("HEAD~1")], "Side")
    await at.repo.merge_trees(side, tip)
    await at.repo.is_merged("main", "cockpit/ag")


async def materialise(at: Story) -> None:
    tree = await at.work.snapshot()
    await at.repo.materialise(tree, at.folder / "m")
    await at.repo.materialise(at.base, at.folder / "m")
    await at.repo.materialise(tree, at.folder / "m")


async def land(at: Story) -> None:
    await commit(at)
    tip = await at.repo.resolve("cockpit/ag")
    landed = await at.repo.land("main", await at.repo.resolve("main"), tip)
    assert isinstance(landed, Landed | CheckoutBlocked)


async def worktrees(at: Story) -> None:
    await at.repo.add_worktree("two", at.folder / "w2", "cockpit/two", await at.repo.resolve("cockpit/ag"))
    await at.repo.add_worktree("ag", at.folder / "w", "cockpit/ag", at.base)
    await at.repo.list_worktrees()
    await at.repo.remove_worktree(await at.repo.add_worktree("3", at.folder / "w3", "cockpit/3", at.base))


async def reopen(at: Story) -> None:
    await Repository.open(at.root, at.folder / "state")
    await at.repo.current_branch()


COMMANDS: list[Callable[[Story], Awaitable[None]]] = [
    snapshot, dirty, diff, commit, merge, materialise, land, worktrees, reopen
]  # fmt: skip


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("template") / "r")


def carry_out(attack: str, at: Story, pwned: Path) -> None:
    env = PLAIN | {"R": str(at.root), "W": str(at.work.path), "X": f"touch {pwned}", "HOOKS": HOOKS}
    subprocess.run(["sh", "-c", attack], cwd=at.work.path, env=env, check=False, capture_output=True)
    pwned.unlink(missing_ok=True)


@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_command_runs_code_from_the_tree(attack: str, attacked: Path, tmp_path: Path) -> None:
    pwned, ran = tmp_path / "pwned", []
    async with story(attacked, tmp_path) as at:
        for number, command in enumerate(COMMANDS):
            at.edit(**{"f.txt": f"a\nc\n{command.__name__}\n", "g.bin": command.__name__})
            if number % 4 == 0:  # it stays in place; again, because adding a worktree repairs links
                carry_out(ATTACKS[attack], at, pwned)
            try:
                await command(at)
            except GitError as refused:
                assert refused.next, refused
            if pwned.exists():
                ran.append(command.__name__)
    assert ran == []


@pytest.mark.parametrize("attack", ["fsmonitor", "filter", "hooks", "nested-filter", "git-file"])
async def test_the_attacks_are_real(attack: str, attacked: Path, tmp_path: Path) -> None:
    async with story(attacked, tmp_path) as at:
        at.edit(**{"f.txt": "a\nc\nz\n"})
        carry_out(ATTACKS[attack], at, tmp_path / "pwned")
        for command in (["status"], ["add", "-A"], ["commit", "-m", "x"]):
            git(at.work.path, *command, check=False)
        assert (tmp_path / "pwned").exists()


async def test_a_branch_turned_into_a_symbolic_ref_moves_no_other_branch(attacked: Path, tmp_path: Path) -> None:
    async with story(attacked, tmp_path) as at:
        (at.root / ".git/refs/heads/cockpit/ag").write_text("ref: refs/heads/main\n")
        await at.commit({"f.txt": "mine\n"})
        assert await at.repo.branch_tip("main") == at.base


async def test_a_replacement_ref_cannot_change_what_is_read(attacked: Path, tmp_path: Path) -> None:
    async with story(attacked, tmp_path) as at:
        tip = await at.commit({"f.txt": "evil\n"})
        git(at.root, "replace", tip, at.base)
        assert [stat.path for stat in await at.repo.diff_stat(at.base, tip)] == ["f.txt"]


async def test_attributes_cannot_hide_a_change_from_the_reader(attacked: Path, tmp_path: Path) -> None:
    async with story(attacked, tmp_path) as at:
        tip = await at.commit({".gitattributes": "* -diff\n*.txt binary\n", "f.txt": "evil\n"})
        assert "+evil" in await at.repo.diff(at.base, tip)


async def test_an_invented_checkout_is_not_written_to(attacked: Path, tmp_path: Path) -> None:
    async with story(attacked, tmp_path) as at:
        git(at.root, "checkout", "-q", "--detach")
        home = tmp_path / "home"
        shutil.copytree(at.root, home, ignore=shutil.ignore_patterns(".git"))
        evil = at.root / ".git/worktrees/evil"
        shutil.copytree(at.root / ".git/worktrees/cockpit-ag", evil)
        (evil / "gitdir").write_text(f"{home}/.git\n")
        (evil / "HEAD").write_text("ref: refs/heads/main\n")
        tip = await at.commit({"profile": "evil\n"})
        await at.repo.land("main", at.base, tip)
        assert not (home / "profile").exists()


async def test_writing_administration_follows_no_symlink(attacked: Path, tmp_path: Path) -> None:
    async with story(attacked, tmp_path) as at:
        precious = tmp_path / "precious"
        precious.write_text("kept")
        admin = at.root / ".git/worktrees/cockpit-ag"
        for name in ("index", "HEAD"):
            (admin / name).unlink()
            (admin / name).symlink_to(precious)
        await at.commit({"f.txt": "mine\n"})
        assert precious.read_text() == "kept"
        assert not (admin / "index").is_symlink()
