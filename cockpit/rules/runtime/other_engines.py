"""What candidates of all engines but ast-grep hit: in examples, in single files, in a change. No checkout is needed."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from cockpit.rules.repo.reading import typed_body
from cockpit.rules.runtime.proof import prove
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.runtime.workshop import WorkshopError
from cockpit.rules.service.files import length_hits, name_hits
from cockpit.rules.service.gate import as_rule
from cockpit.rules.service.regex import regex_hits
from cockpit.rules.service.scope import is_meant
from cockpit.rules.types import Engine, Example, ExampleKind, Hit, Rule, RuleSet
from cockpit.rules.types.bodies import NamingBody, RegexBody, SizeBody
from cockpit.rules.types.forge import Candidate, Verdict

BY_FILE = (Engine.REGEX, Engine.SIZE, Engine.NAMING)
"""Engines whose hits can be told of a single file."""
UNTRIED = (Engine.COMMAND, Engine.JUDGE)
"""Engines that nothing here carries out."""

_IN_CODE = ("max_function_lines", "max_class_lines", "functions", "classes")


async def verdicts(folder: Path, candidate: Candidate, examples: Sequence[Example]) -> tuple[Verdict, ...]:
    """Hold a candidate against its own examples, or else against code. Raises `RulesError`."""
    if candidate.examples:
        return await _proven(folder, candidate)
    found = []
    for example in examples:
        path = _place_of(example)
        scan = await scan_change(folder, [as_rule(candidate, 0)], {path: example.text * example.times})
        found.append(Verdict(example=example, is_right=bool(scan) == (example.kind is ExampleKind.BAD), hits=scan))
    return tuple(found)


async def scan_change(
    folder: Path, rules: Sequence[Rule], files: Mapping[str, str], others: Collection[str] = ()
) -> tuple[Hit, ...]:
    """Return what rules object to in the files of a change.

    Args:
        folder: where what is known of files is kept.
        rules: the rules.
        files: path and text of what changed.
        others: paths of all files that are there besides.

    Raises:
        RulesError: they could not be carried out.
    """
    with tempfile.TemporaryDirectory(prefix="cockpit-gate-") as place:
        root = Path(place)
        await asyncio.to_thread(_write, root, files)
        sources = Sources(root, {*files, *others})
        scan = await Scanner(folder).scan(RuleSet(rules=tuple(rules)), sources, set(files))
    if scan.problems:
        raise WorkshopError(scan.problems[0].message)
    return scan.hits


async def hits_by_file(folder: Path, candidate: Candidate, files: Sequence[tuple[str, str]]) -> dict[int, list[Hit]]:
    """Return what a candidate of a `BY_FILE` engine hits, by the place of each file (path and text) that has any.

    Raises:
        RulesError: it could not be carried out.
    """
    rule = as_rule(candidate, 0).model_copy(update={"files": (), "ignores": ()})
    meant = [number for number, (path, _) in enumerate(files) if is_meant(candidate, path)]
    found = await asyncio.to_thread(_plain_hits, rule, [(number, *files[number]) for number in meant])
    in_code = {key: value for key, value in candidate.body.items() if key in _IN_CODE}
    if in_code and meant:
        named = {f"{number}/{PurePosixPath(files[number][0]).name}": number for number in meant}
        texts = {path: files[number][1] for path, number in named.items()}
        for hit in await scan_change(folder, [rule.model_copy(update={"body": in_code})], texts):
            number = named[hit.path]
            found.setdefault(number, []).append(hit.model_copy(update={"path": files[number][0]}))
    return found


def _plain_hits(rule: Rule, files: Iterable[tuple[int, str, str]]) -> dict[int, list[Hit]]:
    body = typed_body(rule)
    found: dict[int, list[Hit]] = {}
    for number, path, text in files:
        match body:
            case RegexBody():
                hits = list(regex_hits(rule, body, path, text))
            case SizeBody():
                hits = list(length_hits(rule, body, path, text))
            case NamingBody():
                hits = list(name_hits(rule, body, path))
            case _:
                hits = []
        if hits:
            found[number] = hits
    return found


async def _proven(folder: Path, candidate: Candidate) -> tuple[Verdict, ...]:
    rule = as_rule(candidate, 0).model_copy(update={"examples": candidate.examples})
    if candidate.engine in UNTRIED:
        return ()
    for proof in await prove(RuleSet(rules=(rule,)), Scanner(folder)):
        if proof.problems:
            raise WorkshopError(proof.problems[0].message)
        found = []
        for example in candidate.examples:
            is_right = example not in proof.wrong
            is_hit = is_right == (example.kind is ExampleKind.BAD)
            hits = (Hit(rule=rule.id, path=example.path, text=example.text[:400]),) if is_hit else ()
            found.append(Verdict(example=example, is_right=is_right, hits=hits))
        return tuple(found)
    return ()


def _place_of(example: Example) -> str:
    path = Path(example.path)
    is_inside = example.path and not path.is_absolute() and ".." not in path.parts
    return example.path if is_inside else "example.py"


def _write(root: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = root / path
        if not file.resolve().is_relative_to(root.resolve()):
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", errors="replace")
