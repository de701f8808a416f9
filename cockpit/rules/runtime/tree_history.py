"""What a candidate that asks for more than single files would have stopped: each commit beside the files there were."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from cockpit.providers.git.edit import read_blobs
from cockpit.providers.git.run import Git
from cockpit.providers.git.trees import list_files
from cockpit.rules.repo.reading import typed_body
from cockpit.rules.runtime.ast_grep import AstGrep
from cockpit.rules.runtime.looked import imports_in
from cockpit.rules.service.baseline import baseline_of, split
from cockpit.rules.service.documents import documents_of
from cockpit.rules.service.files import folders_of, link_hits, path_hits
from cockpit.rules.service.gate import as_rule
from cockpit.rules.service.history import Accepted, Added
from cockpit.rules.service.imports import Statement, World, edges_of
from cockpit.rules.service.languages import language_of
from cockpit.rules.service.layers import Graph, layer_hits
from cockpit.rules.service.scope import is_meant
from cockpit.rules.types import Engine, Hit, Rule
from cockpit.rules.types.bodies import LayersBody, PathBody
from cockpit.rules.types.errors import ScanError
from cockpit.rules.types.forge import Candidate, Stopped

BY_TREE = (Engine.LAYERS, Engine.PATH)
"""Engines that ask which other files there are."""

_MAPS = frozenset({"go.mod", "package.json", "tsconfig.json", "jsconfig.json", "Cargo.toml"})
"""Files that say what the names in imports mean."""
_MAP_LIMIT_BYTES = 1 << 20
_AT_ONCE = 3
_TIMEOUT_S = 60.0

Listing = Mapping[str, str]


def asks_for_trees(candidate: Candidate) -> bool:
    """Return whether a candidate has to be held against whole trees."""
    if candidate.engine is Engine.PATH:
        return any(candidate.body.get(key) for key in ("exist", "beside", "links"))
    return candidate.engine is Engine.LAYERS


async def by_trees(
    number: int, candidate: Candidate, commits: Sequence[Accepted], texts: Mapping[str, str], git: Git, folder: Path
) -> list[Stopped]:
    """Return the commits that a candidate stops for what they brought.

    Args:
        number: the candidate's place among the others.
        candidate: one that asks for trees.
        commits: some of a branch, newest first, each the first parent of the one before.
        texts: contents of what they changed, by id.
        git: where they are.
        folder: where what is known of files is kept.

    Raises:
        GitError: a tree cannot be read.
        RulesError: the candidate cannot be carried out.
    """
    if not commits:
        return []
    oldest = await git.run("rev-parse", "--verify", "--quiet", f"{commits[-1].commit}^", ok=(0, 1))
    slots = asyncio.Semaphore(_AT_ONCE)
    ids = [*(one.commit for one in commits), oldest.text.strip()]
    trees = await asyncio.gather(*(_listed(git, one, slots) for one in ids))
    rule = as_rule(candidate, number)
    if candidate.engine is Engine.LAYERS:
        found = await _against_layers(rule, candidate, commits, trees, texts, git, folder)
    else:
        found = await asyncio.to_thread(_against_paths, rule, candidate, commits, trees, texts)
    return [
        Stopped(candidate=number, commit=commit.commit, subject=commit.subject, hits=hits)
        for commit, hits in zip(commits, found, strict=True)
        if hits
    ]


async def _against_layers(
    rule: Rule,
    candidate: Candidate,
    commits: Sequence[Accepted],
    trees: Sequence[Listing],
    texts: Mapping[str, str],
    git: Git,
    folder: Path,
) -> list[tuple[Hit, ...]]:
    files = [
        [one for one in commit.added if one.blob in texts and language_of(one.path) and is_meant(candidate, one.path)]
        for commit in commits
    ]
    contents = {f"{one.blob}{PurePosixPath(one.path).suffix}": texts[one.blob] for some in files for one in some}
    if not contents:
        return [() for _commit in commits]
    maps = {blob for tree in trees for path, blob in tree.items() if PurePosixPath(path).name in _MAPS}
    read = await read_blobs(git, maps, _MAP_LIMIT_BYTES)
    known = {blob: raw.decode("utf-8", "replace") for blob, raw in read.items()}
    statements = await _statements(rule, contents, folder)

    def judged() -> list[tuple[Hit, ...]]:
        sides = zip(commits, files, trees[:-1], strict=True)
        return [
            _layer_hits(rule, commit, some, tree, statements, known) if some else () for commit, some, tree in sides
        ]

    return await asyncio.to_thread(judged)


def _against_paths(
    rule: Rule,
    candidate: Candidate,
    commits: Sequence[Accepted],
    trees: Sequence[Listing],
    texts: Mapping[str, str],
) -> list[tuple[Hit, ...]]:
    sides = zip(commits, trees[:-1], trees[1:], strict=True)
    return [_path_hits(rule, candidate, commit, (tree, before), texts) for commit, tree, before in sides]


async def _listed(git: Git, commit: str, slots: asyncio.Semaphore) -> Listing:
    async with slots:
        listed = await list_files(git, commit) if commit else {}
    return {path: str(blob) for path, blob in listed.items()}


async def _statements(rule: Rule, contents: Mapping[str, str], folder: Path) -> dict[str, Sequence[Statement]]:
    """Return what contents import, by their id. `contents`: id and ending (`0a1b.py`) to text."""
    documents = documents_of([rule])
    with tempfile.TemporaryDirectory(prefix="cockpit-history-") as place:
        root = Path(place)
        await asyncio.to_thread(_write, root, contents)
        found = await AstGrep(folder / "ast-grep").scan(root, documents, {}, sorted(contents), _TIMEOUT_S)
    if found.problems:
        raise ScanError(found.problems[0].message)
    return {PurePosixPath(name).stem: said for name, said in imports_in(found.matches, documents).items()}


def _write(root: Path, contents: Mapping[str, str]) -> None:
    for name, text in contents.items():
        (root / name).write_text(text, encoding="utf-8", errors="replace")


def _layer_hits(
    rule: Rule,
    commit: Accepted,
    files: Sequence[Added],
    tree: Listing,
    statements: Mapping[str, Sequence[Statement]],
    texts: Mapping[str, str],
) -> tuple[Hit, ...]:
    """Return what a commit imports against the layers, in the files of it that count."""
    body = typed_body(rule)
    assert isinstance(body, LayersBody)  # the engine says so
    world = World(tree, lambda path: texts.get(tree.get(path, ""), ""))
    edges = [edge for file in files for edge in edges_of(file.path, statements.get(file.blob, ()), world)]
    hits = layer_hits(rule, body, edges, [file.path for file in files], Graph(lambda: edges))
    brought = {file.path: file for file in commit.added}
    return tuple(hit for hit in hits if brought[hit.path].meets(hit.line or 1, hit.end_line or hit.line or 1))


def _path_hits(
    rule: Rule, candidate: Candidate, commit: Accepted, sides: tuple[Listing, Listing], texts: Mapping[str, str]
) -> tuple[Hit, ...]:
    tree, before = sides
    body = typed_body(rule)
    assert isinstance(body, PathBody)  # the engine says so
    asked = body.model_copy(update={"absent": False, "together": ()})
    now = path_hits(rule, asked, sorted(tree), None)
    hits = split(now, baseline_of(path_hits(rule, asked, sorted(before), None)))[0]
    if body.links:
        known = {*tree, *folders_of(tree)}
        for file in commit.added:
            if file.blob in texts and is_meant(candidate, file.path):
                found = link_hits(rule, file.path, texts[file.blob], known)
                hits += [hit for hit in found if file.meets(hit.line or 1, hit.line or 1)]
    return tuple(hits)
