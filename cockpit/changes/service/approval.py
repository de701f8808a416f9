"""What may land without a person: small changes to allowed files, every check passed on this very tree."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit.changes.config import AutoApproveConfig
from cockpit.changes.types import ChangeStat, FileStat
from cockpit.checks.types import Receipt
from cockpit.providers.globs import matches_in_any_spelling, surely_matches

PROTECTED = (
    *("cockpit.toml", ".cockpit/**", "**/agents.md", "**/.gitattributes", "**/.gitmodules", "**/.lfsconfig"),
    *(".github/**", ".gitlab-ci.yml", ".gitlab/**", ".gitea/**", ".forgejo/**", ".circleci/**", ".buildkite/**"),
    *(".travis.yml", ".drone.yml", ".woodpecker.yml", ".woodpecker/**", ".ci/**", "**/jenkinsfile", "appveyor.yml"),
    *(".appveyor.yml", "azure-pipelines.yml", "bitbucket-pipelines.yml", ".cirrus.yml", ".pre-commit-config.yaml"),
)
"""Files that decide what is checked, how git reads the rest, or what agents are told: a person looks at these."""

_LINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an unattended change may be, and whether content that no line count describes may be in it."""

    files: int = 50
    lines: int = 1000
    allows_binary: bool = False
    allows_links: bool = False


_LIMITS = Limits()


def may_approve(
    policy: AutoApproveConfig, stat: ChangeStat, receipt: Receipt | None, limits: Limits = _LIMITS
) -> tuple[bool, str]:
    """Whether a change may be approved without a person.

    Args:
        policy: What the repository's owner allows.
        stat: What the change touches.
        receipt: The proof that its tree is clean; None: there is none.
        limits: How large it may be.

    Returns:
        The answer, and the reason in one line: what speaks against it, or what was made sure of.
    """
    objection = _unproven(stat, receipt) or _too_large(stat, limits)
    if objection:
        return False, objection
    for file in stat.files:
        objection = _untouchable(file, policy.paths, limits)
        if objection:
            return False, objection
    checks = len(receipt.results) if receipt is not None else 0
    return True, f"{checks} check(s) passed on this tree, and its {len(stat.files)} file(s) are all allowed"


def _unproven(stat: ChangeStat, receipt: Receipt | None) -> str:
    if receipt is None:
        return "there is no receipt for it"
    if receipt.tree != stat.tree:
        return "the checks passed on another tree"
    if not receipt.results:
        return "no check has run on it"
    if not receipt.is_clean:
        return "not every check passed on it"
    return ""


def _too_large(stat: ChangeStat, limits: Limits) -> str:
    if not stat.files:
        return "it changes nothing"
    if len(stat.files) > limits.files:
        return f"it touches {len(stat.files)} files, more than {limits.files}"
    lines = stat.added + stat.removed
    return f"it changes {lines} lines, more than {limits.lines}" if lines > limits.lines else ""


def _untouchable(file: FileStat, allowed: tuple[str, ...], limits: Limits) -> str:
    if file.status == "R" and not file.old_path:
        return f"{file.path} was moved from a place that is not known"
    for path in filter(None, (file.path, file.old_path)):
        if matches_in_any_spelling(path, PROTECTED):
            return f"{path} decides what is checked or what agents are told"
        if not surely_matches(path, allowed):
            return f"{path} is not among the allowed paths"
    if not limits.allows_links and (file.mode in (_LINK, _SUBMODULE) or file.status == "T"):
        return f"{file.path} is a symbolic link or submodule, or changes its kind"
    if not limits.allows_binary and (file.added is None or file.removed is None):
        return f"{file.path} is binary"
    return ""
