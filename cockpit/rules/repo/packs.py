"""The packs we ship: rules to adopt file by file, and to change at will from then on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from cockpit.rules.repo.documents import documents
from cockpit.rules.repo.places import examples_file, invariant_file, rule_file
from cockpit.rules.repo.reading import read_rules
from cockpit.rules.types import Rule

_TEST = "-test.yml"


@dataclass(frozen=True, slots=True)
class Shipped:
    """One rule of a pack."""

    pack: str
    rule: Rule
    files: dict[str, str]
    """Where its files go in a repository, and what they say."""

    @property
    def name(self) -> str:
        """Return what it is asked for by."""
        return f"{self.pack}/{self.rule.id}"


def shipped() -> tuple[Shipped, ...]:
    """Return every rule of every pack, in the order of their names."""
    found: list[Shipped] = []
    for pack in sorted(files("cockpit.rules").joinpath("packs").iterdir(), key=lambda one: one.name):
        if not pack.is_dir():
            continue
        texts = {one.name: one.read_text("utf-8") for one in pack.iterdir() if one.name.endswith(".yml")}
        names = [name.removesuffix(".yml") for name in sorted(texts) if not name.endswith(_TEST)]
        found += [_shipped(pack.name, name, texts) for name in names]
    return tuple(found)


def asked_for(names: list[str]) -> tuple[list[Shipped], list[str]]:
    """Return the rules that `pack` or `pack/rule` mean, and the names that mean none."""
    everything = shipped()
    found = [one for one in everything if one.pack in names or one.name in names]
    known = {one.pack for one in everything} | {one.name for one in everything}
    return found, [name for name in names if name not in known]


def _shipped(pack: str, name: str, texts: dict[str, str]) -> Shipped:
    text = texts[f"{name}.yml"]
    is_plain = "engine" not in documents(text)[0]
    said = {(rule_file if is_plain else invariant_file)(name): text}
    if tests := texts.get(f"{name}{_TEST}"):
        said[examples_file(name)] = tests
    return Shipped(pack, read_rules(said).rules[0], said)
