"""What a change may not do to rules, whatever way it goes about it; and that nobody's policy approves it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.providers.git import Repository
from cockpit.providers.paths import Paths
from cockpit.rules.repo.places import PROJECT_TEXT
from cockpit.supervisor.rules.guard import concerns_rules, guarded, touched
from cockpit.types import CommitId, TreeId
from tests.supervisor.world import CONFIG, git, make_repository

RULE = "id: no-print\nlanguage: python\nseverity: error\nmessage: never\nrule: {pattern: print($$$A)}\n"
OTHER = RULE.replace("no-print", "mine")
TESTS = "id: no-print\nvalid: ['log.info(1)']\ninvalid: ['print(1)']\n"
UTIL = "id: is-call\nlanguage: python\nrule: {kind: call}\n"

Act = Callable[[Path], object]


def write(path: str, text: str) -> Act:
    def act(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)

    return act


def move(old: str, new: str) -> Act:
    def act(folder: Path) -> None:
        (folder / new).parent.mkdir(parents=True, exist_ok=True)
        (folder / old).rename(folder / new)

    return act


def link_of_the_same_content(folder: Path) -> None:
    """The blob of a link is where it leads: here the very text of the rule."""
    (folder / ".cockpit/rules/no-print.yml").unlink()
    (folder / ".cockpit/rules/no-print.yml").symlink_to(RULE)


def link_folder(folder: Path) -> None:
    move(".cockpit", "elsewhere")(folder)
    (folder / ".cockpit").symlink_to("elsewhere")


def submodule(folder: Path) -> None:
    move(".cockpit", "../gone")(folder)
    tip = git(folder, "rev-parse", "HEAD")
    git(folder, "rm", "-r", "-q", "--cached", ".cockpit")
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{tip},.cockpit")


@pytest.fixture
async def repository(tmp_path: Path, home: Path) -> Repository:
    folder = make_repository(tmp_path / "repo", CONFIG)
    for path, text in {
        ".cockpit/rules/no-print.yml": RULE,
        ".cockpit/rule-tests/no-print-test.yml": TESTS,
        ".cockpit/utils/is-call.yml": UTIL,
        ".cockpit/journeys/buy.json": "{}",
    }.items():
        write(path, text)(folder)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "rules")
    paths = Paths.for_repo(folder)
    paths.ensure()
    return await Repository.open(paths.repo, paths.git)


async def changed(repository: Repository, act: Act) -> tuple[CommitId, TreeId]:
    folder = repository.root
    base = CommitId(git(folder, "rev-parse", "HEAD"))
    act(folder)
    if git(folder, "ls-files", "--stage", ".cockpit")[:6] != "160000":
        git(folder, "add", "-A")
    return base, TreeId(git(folder, "write-tree"))


@pytest.mark.parametrize(
    ("act", "path"),
    [
        (write(".cockpit/rules/no-print.yml", RULE.replace("error", "hint")), ".cockpit/rules/no-print.yml"),
        (write(".cockpit/rule-tests/no-print-test.yml", "id: no-print\n"), ".cockpit/rule-tests/no-print-test.yml"),
        (write(".cockpit/utils/is-call.yml", UTIL + "\n"), ".cockpit/utils/is-call.yml"),
        (move(".cockpit/rules/no-print.yml", "docs/rule.yml"), ".cockpit/rules/no-print.yml"),
        (move(".cockpit/rules/no-print.yml", ".cockpit/rules/zzz.yml"), ".cockpit/rules/no-print.yml"),
        (move(".cockpit", "old"), ".cockpit/rules/no-print.yml"),
        (link_of_the_same_content, ".cockpit/rules/no-print.yml"),
        (link_folder, ".cockpit"),
        (submodule, ".cockpit"),
        (write(".cockpit/baseline.json", '{"known": []}'), ".cockpit/baseline.json"),
        (write(".cockpit/sgconfig.yml", "ruleDirs: [nothing]\n"), ".cockpit/sgconfig.yml"),
        (write(".Cockpit/rules/no-print.yml", OTHER), ".Cockpit/rules/no-print.yml"),
        (write(".cock\u200bpit/rules/mine.yml", OTHER), ".cock"),
        (write(".cockpit/invariants/aaa.yml", RULE), ".cockpit/invariants/aaa.yml"),
        (write(".cockpit/rule-tests/zzz.yml", "id: no-print\n"), ".cockpit/rule-tests/zzz.yml"),
        (write(".cockpit/utils/zzz.yml", UTIL), ".cockpit/utils/zzz.yml"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_nothing_takes_a_rule_away_or_its_place(repository: Repository, act: Act, path: str) -> None:
    base, tree = await changed(repository, act)
    found = await guarded(repository, base, tree, None)
    assert any(one.path.startswith(path) for one in found), [one.path for one in found]
    assert {one.code for one in found} == {"rules-are-for-people"}
    assert await touched(repository, base, tree)


async def test_new_rules_with_tests_are_proposals(repository: Repository) -> None:
    def act(folder: Path) -> None:
        write(".cockpit/rules/mine.yml", OTHER)(folder)
        write(".cockpit/rule-tests/mine-test.yml", TESTS.replace("no-print", "mine"))(folder)
        write(".cockpit/sgconfig.yml", PROJECT_TEXT)(folder)
        write(".cockpit/journeys/buy.json", "[]")(folder)
        write("src/a.py", "x = 1\n")(folder)

    base, tree = await changed(repository, act)
    assert await guarded(repository, base, tree, None) == ()
    assert len(await touched(repository, base, tree)) == 4  # a person looks at each of them


@pytest.mark.parametrize("path", ["cockpit.toml", "Cockpit.TOML", "cockpit.toml. "])
async def test_nobodys_policy_approves_another_configuration(repository: Repository, path: str) -> None:
    base, tree = await changed(repository, write(path, "[checks]\n"))
    assert await touched(repository, base, tree) == [path]
    assert await guarded(repository, base, tree, None) == ()


async def test_the_id_of_a_rule_on_another_branch_is_taken_too(repository: Repository) -> None:
    from cockpit.rules.repo.reading import read_rules

    base, tree = await changed(repository, write(".cockpit/invariants/aaa.yml", OTHER))
    there = read_rules({".cockpit/rules/mine.yml": OTHER})
    assert [one.path for one in await guarded(repository, base, tree, there)] == [".cockpit/invariants/aaa.yml"]


@pytest.mark.parametrize(
    ("path", "does"),
    [
        (".cockpit/rules/a.yml", True),
        (".cockpit", True),
        (".COCKPIT/x", True),
        (".cockpit./x", True),
        (".cock\u00adpit/x", True),
        ("src/.cockpit/x", False),
        (".cockpits/x", False),
    ],
)
def test_what_a_checkout_may_take_for_the_folder(path: str, does: bool) -> None:
    assert concerns_rules(path) is does
