"""Where everything of rules is in a person's repository."""

from __future__ import annotations

FOLDER = ".cockpit"
RULES = f"{FOLDER}/rules"
TESTS = f"{FOLDER}/rule-tests"
INVARIANTS = f"{FOLDER}/invariants"
UTILS = f"{FOLDER}/utils"
BASELINE = f"{FOLDER}/baseline.json"
PROJECT = f"{FOLDER}/sgconfig.yml"

SIZE_LIMIT_BYTES = 256 * 1024
"""How large a file of rules may be."""

PROJECT_TEXT = """\
# For ast-grep by itself: `ast-grep scan -c .cockpit/sgconfig.yml`
# and `ast-grep test -c .cockpit/sgconfig.yml --skip-snapshot-tests`.
ruleDirs: [rules]
testConfigs: [{testDir: rule-tests}]
"""


def holds_rules(path: str) -> bool:
    """Return whether a file, relative to the repository, is one that `read_rules` takes."""
    folders = tuple(f"{one}/" for one in (RULES, TESTS, INVARIANTS, UTILS))
    return path.startswith(folders) and path.endswith((".yml", ".yaml"))


def rule_file(rule: str) -> str:
    """Return the file of an ast-grep rule."""
    return f"{RULES}/{rule}.yml"


def examples_file(rule: str) -> str:
    """Return the file of an ast-grep rule's tests."""
    return f"{TESTS}/{rule}-test.yml"


def invariant_file(rule: str) -> str:
    """Return the file of a rule of any other engine."""
    return f"{INVARIANTS}/{rule}.yml"
