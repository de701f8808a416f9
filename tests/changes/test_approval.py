"""What may land without a person, and what may not."""

from __future__ import annotations

from typing import Any

import pytest

from cockpit.changes.config import AutoApproveConfig
from cockpit.changes.service.approval import Limits, may_approve
from cockpit.changes.types import ChangeStat, FileStat
from cockpit.checks.types import CheckOutcome, CheckResult, Receipt
from cockpit.types import TreeId

TREE = TreeId("t" * 40)
EVERYTHING = AutoApproveConfig(paths=("**",))


def receipt(tree: TreeId = TREE, outcome: CheckOutcome = CheckOutcome.PASSED) -> Receipt:
    return Receipt(tree=tree, results=(CheckResult(check="tests", tree=tree, outcome=outcome),), at=1.0)


def stat(*files: FileStat) -> ChangeStat:
    return ChangeStat(base=TreeId("b" * 40), tree=TREE, files=files or (FileStat(path="docs/a.md", added=3),))


def test_a_small_clean_change_to_allowed_files_may_land() -> None:
    policy = AutoApproveConfig(paths=("docs/**", "*.md"))
    assert may_approve(policy, stat(), receipt()) == (
        True,
        "1 check(s) passed on this tree, and its 1 file(s) are all allowed",
    )


@pytest.mark.parametrize(
    ("proof", "reason"),
    [
        (None, "there is no receipt for it"),
        (receipt(TreeId("o" * 40)), "the checks passed on another tree"),
        (receipt(outcome=CheckOutcome.FAILED), "not every check passed on it"),
        (receipt(outcome=CheckOutcome.BROKEN), "not every check passed on it"),
        (Receipt(tree=TREE, results=(), at=1.0), "no check has run on it"),
    ],
)
def test_without_proof_for_this_very_tree_a_person_decides(proof: Receipt | None, reason: str) -> None:
    assert may_approve(EVERYTHING, stat(), proof) == (False, reason)


@pytest.mark.parametrize(
    "path",
    [
        *("cockpit.toml", "Cockpit.toml", ".cockpit/rules/one.yml", "AGENTS.md", "sub/AGENTS.md", ".gitattributes"),
        *(".github/workflows/ci.yml", ".GitHub/workflows/ci.yml", ".gitlab-ci.yml", "Jenkinsfile", ".gitmodules"),
    ],
)
def test_what_decides_what_is_checked_is_never_approved_unattended(path: str) -> None:
    allowed, reason = may_approve(EVERYTHING, stat(FileStat(path=path)), receipt())
    assert not allowed
    assert path in reason
    moved_away = FileStat(path="docs/x", status="R", old_path=path)
    assert not may_approve(EVERYTHING, stat(moved_away), receipt())[0]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "T"}, "a is a symbolic link or submodule, or changes its kind"),
        ({"status": "A", "mode": "120000"}, "a is a symbolic link or submodule, or changes its kind"),
        ({"mode": "160000"}, "a is a symbolic link or submodule, or changes its kind"),
        ({"added": None, "removed": None}, "a is binary"),
        ({"status": "R"}, "a was moved from a place that is not known"),
        ({"added": 900, "removed": 101}, "it changes 1001 lines, more than 1000"),
    ],
)
def test_what_no_line_count_describes_and_what_is_large_is_left_to_a_person(
    fields: dict[str, Any], reason: str
) -> None:
    assert may_approve(EVERYTHING, stat(FileStat(path="a", **fields)), receipt()) == (False, reason)


def test_the_number_of_files_is_limited_and_nothing_is_not_a_change() -> None:
    many = stat(*(FileStat(path=f"f{n}") for n in range(51)))
    assert may_approve(EVERYTHING, many, receipt()) == (False, "it touches 51 files, more than 50")
    nothing = ChangeStat(base=TREE, tree=TREE)
    assert may_approve(EVERYTHING, nothing, receipt()) == (False, "it changes nothing")
    picture = stat(FileStat(path="a.png", added=None, removed=None))
    assert may_approve(EVERYTHING, picture, receipt(), Limits(allows_binary=True))[0]


@pytest.mark.parametrize(
    ("globs", "path", "allowed"),
    [
        (("docs/**",), "docs/deep/er.md", True),
        (("docs/**",), "docs2/a", False),
        (("docs/",), "docs/a", True),
        (("*.md",), "sub/a.md", False),
        (("**/*.md",), "a.md", True),
        (("src/?.py",), "src/a.py", True),
        (("src/?.py",), "src/ab.py", False),
        (("src/[ab].py",), "src/a.py", True),
        (("src/[ab].py",), "src/c.py", False),
        (("docs/*.{md,rst}",), "docs/a.rst", True),
        (("Docs/**",), "docs/a", False),
        (("**", "!secret/**"), "secret/key", False),
        (("**", "!secret/**"), "Secret/key", False),
        (("**", "!app/[id]/**"), "app/[id]/page", False),
        (("**", "!app/[id]/**"), "app/i/page", False),
        (("**", "!a/{b}/**"), "a/{b}/c", False),
        (("docs/*",), "docs/a\nb", True),
    ],
)
def test_globs_allow_no_more_than_they_say(globs: tuple[str, ...], path: str, allowed: bool) -> None:
    assert may_approve(AutoApproveConfig(paths=globs), stat(FileStat(path=path)), receipt())[0] is allowed
