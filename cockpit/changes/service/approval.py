"""What may land without a person: small changes to allowed files, every check passed on this very tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cockpit.changes.config import AutoApproveConfig
from cockpit.changes.types import ChangeStat, FileStat
from cockpit.checks.types import Receipt

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
        # file systems that ignore case would take another spelling for the same file
        if any(_compiled(glob).fullmatch(path.casefold()) for glob in PROTECTED):
            return f"{path} decides what is checked or what agents are told"
        if not _is_allowed(path, allowed):
            return f"{path} is not among the allowed paths"
    if not limits.allows_links and (file.mode in (_LINK, _SUBMODULE) or file.status == "T"):
        return f"{file.path} is a symbolic link or submodule, or changes its kind"
    if not limits.allows_binary and (file.added is None or file.removed is None):
        return f"{file.path} is binary"
    return ""


def _is_allowed(path: str, globs: tuple[str, ...]) -> bool:
    wanted = any(_compiled(glob).fullmatch(path) for glob in globs if not glob.startswith("!"))
    return wanted and not any(_compiled(glob[1:]).fullmatch(path) for glob in globs if glob.startswith("!"))


@lru_cache(maxsize=512)
def _compiled(glob: str) -> re.Pattern[str]:
    """Translate a glob: `**` crosses folders, `*` and `?` do not; everything else is itself, which allows the least."""
    glob = glob.removeprefix("./")
    if glob.endswith("/"):
        glob += "**"
    tokens = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(tokens.get(part) or re.escape(part) for part in parts), re.DOTALL)
