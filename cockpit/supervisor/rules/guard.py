"""What a change may do to rules: bring new ones along, as proposals. Altering or removing others is for people.

Read from git's own comparison of two trees, so a rename, a link in the place of a file, a submodule in the place of the
folder or another spelling of its name count as what they are. Whatever touches the folder needs a human to approve it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from cockpit.checks.types import Finding
from cockpit.providers.git import FileStat, Repository
from cockpit.providers.text import clean_line
from cockpit.types import CommitId, TreeId

if TYPE_CHECKING:
    from cockpit.rules.types import RuleSet

FOLDER = ".cockpit"
CONFIG = "cockpit.toml"
CHECK = "rules"
CODE = "rules-are-for-people"
_RULES = (f"{FOLDER}/rules/", f"{FOLDER}/invariants/")
_TESTS, _UTILS = f"{FOLDER}/rule-tests/", f"{FOLDER}/utils/"
_BASELINE, _PROJECT = f"{FOLDER}/baseline.json", f"{FOLDER}/sgconfig.yml"
_GUARDED = (*_RULES, _TESTS, _UTILS, _BASELINE, _PROJECT)
_LINKS = ("120000", "160000")
_UNSEEN = re.compile(r"[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
"""Characters that some file systems pass over in a name."""
_FILE_LIMIT_BYTES = 1 << 20


def concerns_rules(path: str) -> bool:
    """Return whether a path is the folder of rules or in it, on any file system that a checkout may be on."""
    return _read_as(path.partition("/")[0]) == FOLDER


def decides_what_is_checked(path: str) -> bool:
    """Return whether a path is of the rules or the configuration, on any file system that a checkout may be on."""
    return concerns_rules(path) or _read_as(path) == CONFIG


async def touched(repository: Repository, base: CommitId | TreeId, tree: TreeId) -> list[str]:
    """Return what a change touches that decides what is checked, and old places of what it moved. Raises `GitError`."""
    stats = await repository.diff_stat(base, tree)
    return sorted({path for one in stats for path in _paths(one) if decides_what_is_checked(path)})


def _read_as(name: str) -> str:
    """Return a name as the most lenient file system takes it."""
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", name)).casefold().rstrip(" .")


async def guarded(
    repository: Repository, base: CommitId, tree: TreeId, in_force: RuleSet | None
) -> tuple[Finding, ...]:
    """Return a finding for everything in a change that only people may do to rules. Raises `GitError`.

    Args:
        repository: where both are.
        base: what the change builds on.
        tree: its content.
        in_force: the rules of the branch that it is to land on.
    """
    stats = [one for one in await repository.diff_stat(base, tree) if any(map(concerns_rules, _paths(one)))]
    found: dict[str, str] = {}
    for one in stats:
        found |= _objections(one)
    fresh = [one.path for one in stats if one.status in ("A", "R", "C") and one.path not in found]
    found |= await _taken(repository, base, tree, fresh, in_force)
    return tuple(_finding(path, what, base) for path, what in sorted(found.items()))


def _paths(one: FileStat) -> Iterable[str]:
    yield one.path
    if one.status == "R" and one.old_path:
        yield one.old_path


def _objections(one: FileStat) -> dict[str, str]:
    """Return by path what speaks against a part of a change, as far as its place and kind say it."""
    found: dict[str, str] = {}
    if one.status == "R" and one.old_path and one.old_path.startswith(_GUARDED):
        found[one.old_path] = "removes a rule, its tests or the baseline"
    if not concerns_rules(one.path):
        return found
    if one.status == "D":
        if one.path.startswith(_GUARDED):
            found[one.path] = "removes a rule, its tests or the baseline"
    elif not one.path.startswith(f"{FOLDER}/"):
        found[one.path] = f"puts something else in the place of the folder {FOLDER}"
    elif one.mode in _LINKS:
        found[one.path] = "puts a link or a submodule among the rules"
    elif one.path == _BASELINE:
        found[one.path] = "alters the baseline, which says what rules let by"
    elif one.status not in ("A", "R", "C") and one.path.startswith(_GUARDED):
        found[one.path] = "alters a rule, its tests or what they share"
    return found


async def _taken(
    repository: Repository, base: CommitId, tree: TreeId, fresh: list[str], in_force: RuleSet | None
) -> dict[str, str]:
    """Return what new files take the place of: the id of a rule, of its tests or of a shared matcher."""
    wanted = [path for path in fresh if path.startswith(_GUARDED)]
    if not wanted:
        return {}
    after = await repository.list_files(tree, FOLDER)
    before = await repository.list_files(base, FOLDER)
    blobs = {after[path] for path in wanted if path in after} | set(before.values())
    read = await repository.read_blobs(blobs, _FILE_LIMIT_BYTES)
    texts = {str(blob): raw.decode("utf-8", "replace") for blob, raw in read.items()}
    known = _ids({path: texts.get(str(blob), "") for path, blob in before.items()})
    known["rules"] |= {rule.id for rule in in_force.rules} if in_force is not None else set()
    found: dict[str, str] = {}
    for path in wanted:
        text = texts.get(str(after.get(path, "")), "")
        if path == _PROJECT:
            if not _is_ours(text):
                found[path] = "says where ast-grep looks for rules"
        elif taken := sorted(_taken_ids({path: text}, known)):
            found[path] = f"takes the place of {taken[0]!r}, which exists already"
    return found


def _taken_ids(file: Mapping[str, str], known: Mapping[str, set[str]]) -> set[str]:
    mine = _ids(file)
    return (
        mine["rules"] & known["rules"]
        | mine["tests"] & (known["rules"] | known["tests"])
        | mine["utils"] & known["utils"]
    )


def _ids(files: Mapping[str, str]) -> dict[str, set[str]]:
    """Return the ids that files of rules, of tests and of shared matchers say."""
    from cockpit.rules.repo.documents import documents
    from cockpit.rules.types.errors import RuleFileError

    found: dict[str, set[str]] = {"rules": set(), "tests": set(), "utils": set()}
    for path, text in files.items():
        kind = "rules" if path.startswith(_RULES) else "tests" if path.startswith(_TESTS) else "utils"
        if not path.startswith((*_RULES, _TESTS, _UTILS)) or not path.endswith((".yml", ".yaml")):
            continue
        try:
            said = documents(text)
        except RuleFileError:
            continue  # told where rules are read
        found[kind] |= {str(one["id"]) for one in said if isinstance(one.get("id"), str)}
    return found


def _is_ours(text: str) -> bool:
    from cockpit.rules.repo.places import PROJECT_TEXT

    return text == PROJECT_TEXT


def _finding(path: str, what: str, base: CommitId) -> Finding:
    path = clean_line(path.encode("utf-8", "backslashreplace").decode())
    return Finding(
        check=CHECK,
        path=path,
        code=CODE,
        message=f"this change {what}",
        remediation=f"Put it back: git checkout {base[:12]} -- {path}, or remove it where it is new. "
        "Agents may propose rules of their own; only people change or retire the others.",
        fingerprint=f"{CHECK}:{CODE}",
        instance=f"{CHECK}:{CODE}:{path}",
    )
