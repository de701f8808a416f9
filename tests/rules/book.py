"""A folder with rules and code, scanned for real."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.types import Hit, RuleSet, Scan

NO_EVAL = """\
id: no-eval  # a comment that stays
language: python
severity: error
message: eval runs whatever it is given
note: Parse it instead.
rule: {pattern: eval($CODE)}
"""


class Book:
    """Code below `code`, rules in its `.cockpit`, and what is known below `state`."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "code"
        self.state = folder / "state"
        self.root.mkdir()

    def write(self, files: dict[str, str]) -> Book:
        for name, text in files.items():
            file = self.root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return self

    def rule(self, text: str, name: str = "rule") -> Book:
        folder = "invariants" if "\nengine:" in text else "rules"
        return self.write({f".cockpit/{folder}/{name}.yml": text})

    @property
    def rules(self) -> RuleSet:
        return read_rules(read_files(self.root))

    async def scan(self, changed: Collection[str] | None = None) -> Scan:
        listed = (path for path in self.root.rglob("*") if not path.is_dir() or path.is_symlink())
        names = [str(path.relative_to(self.root)) for path in listed]
        paths = [name for name in names if not name.startswith(".cockpit/")]
        return await Scanner(self.state).scan(self.rules, Sources(self.root, paths), changed)

    async def places(self, changed: Collection[str] | None = None) -> list[str]:
        scan = await self.scan(changed)
        assert not scan.problems, scan.problems
        return [place(hit) for hit in scan.hits]


def place(hit: Hit) -> str:
    return f"{hit.path}:{hit.line}"
