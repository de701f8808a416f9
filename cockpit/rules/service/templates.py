"""Candidates for what syntax cannot say: text, size, names, places and layers, taken from the same examples.

Each is kept only where it objects to what is bad and not to what is good; the gate then says what it does elsewhere.
"""

from __future__ import annotations

import difflib
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from cockpit.rules.service.regex import compiled
from cockpit.rules.service.synthesis.levels import shape_of
from cockpit.rules.types import Engine, Example, ExampleKind
from cockpit.rules.types.bodies import LayersBody
from cockpit.rules.types.forge import Candidate, Pair

SKELETONS: Mapping[Engine, Mapping[str, Any]] = {
    Engine.REGEX: {"pattern": "TODO"},
    Engine.SIZE: {"max_lines": 400, "max_function_lines": 60},
    Engine.PATH: {"exist": ["README.md"]},
    Engine.NAMING: {"functions": "[a-z_][a-z0-9_]*"},
    Engine.LAYERS: {"domains": ["src/*"], "order": ["types", "config", "repo", "service", "runtime", "ui"]},
    Engine.COMMAND: {"run": ["make", "lint"]},
    Engine.JUDGE: {"prompt": "Does the change add a helper that the repository already has? Cite file and line."},
}
"""What a person begins with who writes a rule of another engine by hand."""

_TOKEN = re.compile(r"\w+|[^\w\s]")
_DEFINED = re.compile(r"\b(?:def|function|func|fn)\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w*)")
_CLASS = re.compile(r"\b(?:class|struct|enum|interface|trait)\s+([A-Za-z_]\w*)")
_IMPORT = re.compile(r"^\s*(?:from|import|use)\s+['\"{]?\s*([\w./:@-]+)|\bfrom\s+['\"]([^'\"]+)['\"]", re.MULTILINE)
_NICE = (20, 30, 40, 50, 60, 80, 100, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1500, 2000)
_SAID = {
    r"^_*[a-z][a-z0-9]*(_[a-z0-9]+)+$": "_*[a-z][a-z0-9]*(_[a-z0-9]+)*_*",
    r"^_*[a-z]\w*[A-Z]\w*$": "_*[a-z][a-zA-Z0-9]*",
    r"^_*([A-Z][a-z0-9]+)+$": "_*[A-Z][a-zA-Z0-9]*",
    r"^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$": "_*[A-Z][A-Z0-9_]*",
}
"""How names of a shape are asked for, single words included."""


def templates(pairs: Sequence[Pair]) -> list[Candidate]:
    """Return the candidates of other engines that the examples suggest."""
    if not pairs:
        return []
    makers: tuple[Callable[[Sequence[Pair]], Iterable[Candidate]], ...] = (_layers, _places, _names, _sizes, _texts)
    return [candidate for make in makers for candidate in make(pairs)]


def _texts(pairs: Sequence[Pair]) -> Iterator[Candidate]:
    """What the lines that went all have in common, in the order in which it stands."""
    gone = [_gone(pair) for pair in pairs]
    if not all(gone):
        return
    tokens = _TOKEN.findall(gone[0])
    for text in gone[1:]:
        tokens = _common(tokens, _TOKEN.findall(text))
    if len(pairs) == 1:
        kept = set(_TOKEN.findall(pairs[0].good))
        tokens = [token for token in tokens if token not in kept or not token[0].isalnum()]
    if not any(len(token) > 2 and token[0].isalpha() for token in tokens) or len(tokens) > 12:
        return
    pattern = ".*".join(map(_escaped, tokens))
    wanted = compiled(pattern)
    if all(wanted.is_in(pair.bad) for pair in pairs) and not any(wanted.is_in(pair.good) for pair in pairs):
        yield _candidate(Engine.REGEX, {"pattern": pattern}, f"lines with {' … '.join(tokens)}", -1.0)


def _sizes(pairs: Sequence[Pair]) -> Iterator[Candidate]:
    """Bad ones are long, good ones are not: the limit lies between, at a round number."""
    bad = min(_lines(pair.bad) for pair in pairs)
    good = max((_lines(pair.good) for pair in pairs if pair.good), default=0)
    limit = next((nice for nice in _NICE if good <= nice < bad), None)
    if limit is None or bad < 30 or bad < 1.3 * good:
        return
    is_function = all(_DEFINED.match(pair.bad.strip()) for pair in pairs)
    key, what = ("max_function_lines", "function") if is_function else ("max_lines", "file")
    yield _candidate(Engine.SIZE, {key: limit}, f"a {what} of more than {limit} lines", 0.5)


def _names(pairs: Sequence[Pair]) -> Iterator[Candidate]:
    """Fixes that only name something otherwise: the way that the good names are written."""
    for key, defined in (("functions", _DEFINED), ("classes", _CLASS)):
        bad = [name for pair in pairs for name in _changed(defined, pair.bad, pair.good)]
        good = [name for pair in pairs for name in _changed(defined, pair.good, pair.bad)]
        if (pattern := _wanted(bad, good)) and all(_is_kept_apart(defined, pattern, pair) for pair in pairs):
            yield _candidate(Engine.NAMING, {key: pattern}, f"{key} must be named like {good[0]}", 1.0)
    moved = [pair for pair in pairs if pair.path and pair.good_path and pair.good_path != pair.path]
    if moved and len(moved) == len(pairs):
        bad, good = ([PurePosixPath(path).stem for path in paths] for paths in _ends(moved))
        if pattern := _wanted(bad, good):
            suffix = PurePosixPath(moved[0].good_path).suffix
            body = {"files": f"{pattern}{re.escape(suffix)}"}
            yield _candidate(Engine.NAMING, body, f"files must be named like {good[0]}{suffix}", 1.0, f"**/*{suffix}")


def _places(pairs: Sequence[Pair]) -> Iterator[Candidate]:
    """Fixes that move a file elsewhere, or away: nothing of the kind may be there."""
    if not all(pair.path and (not pair.good or (pair.good_path and pair.good_path != pair.path)) for pair in pairs):
        return
    folders = {str(PurePosixPath(pair.path).parent) for pair in pairs}
    suffixes = {PurePosixPath(pair.path).suffix for pair in pairs}
    kept_there = any(str(PurePosixPath(pair.good_path).parent) in folders for pair in pairs if pair.good_path)
    if len(folders) == 1 and len(suffixes) == 1 and not kept_there:
        folder, suffix = folders.pop(), suffixes.pop()
        is_below = any(PurePosixPath(pair.good_path).is_relative_to(folder) for pair in pairs if pair.good_path)
        glob = f"*{suffix}" if folder == "." else f"{folder}/{'' if is_below else '**/'}*{suffix}"
        made = _candidate(Engine.PATH, {"absent": True}, f"no {glob} at all", 0.0, glob)
        there = dict.fromkeys(pair.good_path for pair in pairs if pair.good_path)
        good = list(there) or [f"elsewhere/{PurePosixPath(pairs[0].path).name}"]
        yield made.model_copy(update={"examples": _told(dict.fromkeys(pair.path for pair in pairs), good)})


def _layers(pairs: Sequence[Pair]) -> Iterator[Candidate]:
    """Fixes that take an import away which goes from a layer to one on its right."""
    order = LayersBody.model_fields["order"].default
    domains = set()
    bad, good = [], []
    for pair in pairs:
        path = PurePosixPath(pair.path)
        parts = [*path.parent.parts, path.stem]
        at = next((place for place, part in enumerate(parts) if part in order and place), None)
        wrong = next((one for one in _imports_gone(pair) if at is not None and _goes_right(parts[at], one, order)), "")
        if at is None or not wrong:
            return
        assert at is not None
        domains.add("/".join([*parts[: at - 1], "*"]))
        imported = _file_of(wrong, path)
        bad.append(f"{path} -> {imported}")
        good.append(f"{imported} -> {path}")
    body = {"domains": sorted(domains), "order": list(order)}
    made = _candidate(Engine.LAYERS, body, f"imports only go from right to left: {' -> '.join(order)}", 2.0)
    yield made.model_copy(update={"examples": _told(bad, good)})


def _candidate(engine: Engine, body: Mapping[str, Any], says: str, score: float, glob: str = "") -> Candidate:
    return Candidate(engine=engine, body=body, says=says, score=score, files=(glob,) if glob else ())


def _told(bad: Iterable[str], good: Iterable[str]) -> tuple[Example, ...]:
    """Return examples in an engine's own words, each once."""
    found = [Example(kind=ExampleKind.BAD, text=text) for text in dict.fromkeys(bad)]
    return (*found, *(Example(kind=ExampleKind.GOOD, text=text) for text in dict.fromkeys(good)))


def _file_of(module: str, importer: PurePosixPath) -> str:
    """Return the file that an import most likely means."""
    if "/" in module:
        folder = posixpath.join(importer.parent, module) if module.startswith(".") else module
        return posixpath.normpath(folder) + importer.suffix
    rest = module.lstrip(".")
    above = [".."] * (len(module) - len(rest) - 1)
    start = [*importer.parent.parts, *above] if len(rest) < len(module) else []
    return posixpath.normpath("/".join([*start, *re.split(r"[.:]+", rest)])) + importer.suffix


def _gone(pair: Pair) -> str:
    """Return the lines of the bad snippet that its fix has no more, as one."""
    kept = set(pair.good.splitlines())
    return " ".join(line.strip() for line in pair.bad.splitlines() if line not in kept)


def _common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    return [token for block in blocks for token in one[block.a : block.a + block.size]]


def _escaped(token: str) -> str:
    return rf"\b{re.escape(token)}\b" if token[0].isalnum() or token[0] == "_" else re.escape(token)


def _lines(text: str) -> int:
    return text.rstrip("\n").count("\n") + 1


def _changed(defined: re.Pattern[str], text: str, other: str) -> list[str]:
    kept = set(defined.findall(other))
    return [name for name in defined.findall(text) if name not in kept]


def _is_kept_apart(defined: re.Pattern[str], pattern: str, pair: Pair) -> bool:
    """Return whether a bad snippet names something otherwise, and its fix nothing any more."""
    bad, good = ([re.fullmatch(pattern, name) for name in defined.findall(text)] for text in (pair.bad, pair.good))
    return not all(bad) and all(good)


def _wanted(bad: Sequence[str], good: Sequence[str]) -> str:
    """Return how the good names are written, if the bad ones are not; empty: there is no such way."""
    if not bad or not good:
        return ""
    pattern = _SAID.get(shape_of(good), "")
    return pattern if pattern and not any(re.fullmatch(pattern, name) for name in bad) else ""


def _ends(moved: Sequence[Pair]) -> tuple[list[str], list[str]]:
    return [pair.path for pair in moved], [pair.good_path for pair in moved]


def _imports_gone(pair: Pair) -> set[str]:
    return _imported(pair.bad) - _imported(pair.good)


def _imported(text: str) -> set[str]:
    return {one or other for one, other in _IMPORT.findall(text)}


def _goes_right(layer: str, module: str, order: Sequence[str]) -> bool:
    named = [part for part in re.split(r"[./:]+", module) if part in order]
    return bool(named) and order.index(named[0]) > order.index(layer)
