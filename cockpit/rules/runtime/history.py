"""What a candidate would have stopped: the last accepted commits, newest first, read from git without a checkout."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from cockpit.providers.git.errors import GitError
from cockpit.providers.git.run import Git
from cockpit.rules.repo.reading import typed_body
from cockpit.rules.runtime.other_engines import BY_FILE, UNTRIED, hits_by_file
from cockpit.rules.runtime.tree_history import BY_TREE, asks_for_trees, by_trees
from cockpit.rules.service.baseline import baseline_of, split
from cockpit.rules.service.files import change_hits, path_hits
from cockpit.rules.service.gate import as_rule
from cockpit.rules.service.history import LOG_FORMAT, Accepted, Added, accepted_in, may_hit, words_of
from cockpit.rules.service.scope import is_meant
from cockpit.rules.service.synthesis.languages import LANGUAGE_OF_SUFFIX, name_of
from cockpit.rules.types import Engine, Hit
from cockpit.rules.types.bodies import PathBody, SizeBody
from cockpit.rules.types.errors import RulesError
from cockpit.rules.types.forge import Candidate, HistoryDone, News, Stopped, Uncounted

COMMITS_AT_ONCE = 20
LOG_LIMIT_BYTES = 16 << 20
_LONGEST_TEXT = 100_000

HitsIn = Callable[[Sequence[Candidate], Sequence[str]], Awaitable[list[list[tuple[int, Hit]]]]]


@dataclass(frozen=True, slots=True)
class History:
    """Accepted commits of a branch."""

    git: Git
    tip: str
    """The commit or branch to go back from."""
    commits: int = 200
    """How far to go back."""
    looked: Callable[[int], None] = lambda _commits: None
    """Told how many were looked at, now and then."""


async def look_back(
    candidates: Sequence[Candidate], history: History, hits_in: HitsIn, folder: Path, tell: Callable[[News], None]
) -> None:
    """Tell which of the last accepted commits each candidate would have stopped, and for which that is not known."""
    for number, one in enumerate(candidates):
        if why := _why_not(one):
            tell(Uncounted(candidate=number, where="commits", why=why))
    counts = [0] * len(candidates)
    looked = 0
    problem = ""
    try:
        for start in range(0, history.commits, COMMITS_AT_ONCE):
            part = await _log(history, start, min(COMMITS_AT_ONCE, history.commits - start))
            texts = await _texts(history.git, candidates, part)
            found = await _stopped(candidates, part, texts, hits_in)
            for number, one in enumerate(candidates):
                if one.engine in BY_FILE:
                    found += [(number, each) for each in await _by_files(number, one, part, texts, folder)]
                if one.engine in (Engine.PATH, Engine.SIZE):
                    found += [(number, each) for each in _by_paths(number, one, part)]
                if asks_for_trees(one):
                    stops = await by_trees(number, one, part, texts, history.git, folder)
                    found += [(number, each) for each in stops]
            for number, stopped in _together(found):
                counts[number] += 1
                tell(stopped)
            looked += len(part)
            history.looked(looked)
            if len(part) < COMMITS_AT_ONCE:
                break
    except (RulesError, GitError) as error:
        problem = str(error)
    tell(HistoryDone(commits=looked, counts=tuple(counts), problem=problem))


async def _log(history: History, skip: int, count: int) -> list[Accepted]:
    words = (
        *("log", "--first-parent", "--diff-merges=first-parent", f"--skip={skip}", f"--max-count={count}"),
        *(f"--format={LOG_FORMAT}", "-p", "-U0", "--full-index", "--no-color", "--no-ext-diff", "--no-textconv"),
        *("--no-renames", "--src-prefix=a/", "--dst-prefix=b/", "--end-of-options", history.tip),
    )
    found = await history.git.run(*words, limit_bytes=LOG_LIMIT_BYTES, config=("-c", "core.quotePath=false"))
    return await asyncio.to_thread(lambda: accepted_in(found.stdout.decode("utf-8", "replace")))


async def _texts(git: Git, candidates: Sequence[Candidate], commits: Sequence[Accepted]) -> dict[str, str]:
    """Return the content of every changed file that somebody looks at, by its id.

    For engines other than ast-grep also what it was before: they tell a hit by its text, not by its lines.
    """
    by_file = [one for one in candidates if one.engine in BY_FILE]
    by_tree = [one for one in candidates if one.engine in BY_TREE]
    ids: set[str] = set()
    for file in (file for commit in commits for file in commit.added):
        if Path(file.path).suffix in LANGUAGE_OF_SUFFIX:
            ids.add(file.blob)
        if any(is_meant(one, file.path) for one in by_file):
            ids |= {file.blob} if file.is_new else {file.blob, file.before}
        elif any(is_meant(one, file.path) for one in by_tree):
            ids.add(file.blob)
    wanted = sorted(ids)
    if not wanted:
        return {}
    found = await git.run("cat-file", "--batch", stdin="\n".join(wanted).encode() + b"\n", limit_bytes=64 << 20)
    return await asyncio.to_thread(_contents, found.stdout)


def _contents(said: bytes) -> dict[str, str]:
    """Read what `cat-file --batch` said: id to text. Blocking."""
    texts: dict[str, str] = {}
    at = 0
    while (end := said.find(b"\n", at)) >= 0:
        words = said[at:end].split()
        if len(words) != 3:  # it is missing
            at = end + 1
            continue
        size = int(words[2])
        if size <= _LONGEST_TEXT:
            texts[words[0].decode()] = said[end + 1 : end + 1 + size].decode("utf-8", "replace")
        at = end + 2 + size
    return texts


async def _stopped(
    candidates: Sequence[Candidate], commits: Sequence[Accepted], texts: dict[str, str], hits_in: HitsIn
) -> list[tuple[int, Stopped]]:
    """Return which commits each candidate stops; every text is parsed once for all candidates of its language."""
    stopped: list[tuple[int, Stopped]] = []
    for language in {one.language for one in candidates if one.engine is Engine.AST_GREP}:
        asked = [number for number, one in enumerate(candidates) if one.language == language]
        blobs = await asyncio.to_thread(_worth_asking, [candidates[number] for number in asked], commits, texts)
        if not blobs:
            continue
        found = await hits_in([candidates[number] for number in asked], [texts[blob] for blob in blobs])
        for number, hits in zip(asked, found, strict=True):
            by_blob: dict[str, list[Hit]] = {}
            for place, hit in hits:
                by_blob.setdefault(blobs[place], []).append(hit)
            stopped += [(number, one) for one in _by_commit(number, candidates[number], commits, by_blob)]
    return stopped


def _worth_asking(candidates: Sequence[Candidate], commits: Sequence[Accepted], texts: dict[str, str]) -> list[str]:
    """Return the contents that some candidate may hit. Blocking."""
    words = [words_of(one.body) for one in candidates]
    return sorted(
        {
            file.blob
            for commit in commits
            for file in commit.added
            if file.blob in texts
            and any(
                _is_meant(one, file) and may_hit(some, texts[file.blob])
                for one, some in zip(candidates, words, strict=True)
            )
        }
    )


def _by_commit(
    number: int, candidate: Candidate, commits: Sequence[Accepted], by_blob: dict[str, list[Hit]]
) -> Iterator[Stopped]:
    for commit in commits:
        hits = tuple(
            hit.model_copy(update={"path": file.path})
            for file in commit.added
            if _is_meant(candidate, file)
            for hit in by_blob.get(file.blob, ())
            if file.meets(hit.line or 0, hit.end_line or 0)
        )
        if hits:
            yield Stopped(candidate=number, commit=commit.commit, subject=commit.subject, hits=hits)


def _is_meant(candidate: Candidate, file: Added) -> bool:
    language = LANGUAGE_OF_SUFFIX.get(Path(file.path).suffix, "")
    return language == name_of(candidate.language) and is_meant(candidate, file.path)


def _together(found: Iterable[tuple[int, Stopped]]) -> list[tuple[int, Stopped]]:
    """Return each commit once for each candidate, with all that was found in it."""
    known: dict[tuple[int, str], Stopped] = {}
    for number, stopped in found:
        before = known.get((number, stopped.commit))
        hits = (*before.hits, *stopped.hits) if before is not None else stopped.hits
        known[number, stopped.commit] = stopped.model_copy(update={"hits": hits})
    return [(number, stopped) for (number, _commit), stopped in known.items()]


def _why_not(candidate: Candidate) -> str:
    """Return why nothing is known of a candidate in commits; empty: it is."""
    if candidate.engine in UNTRIED:
        return "a command is not run here" if candidate.engine is Engine.COMMAND else "no agent is asked here"
    return ""


async def _by_files(
    number: int, candidate: Candidate, commits: Sequence[Accepted], texts: dict[str, str], folder: Path
) -> list[Stopped]:
    """Return the commits whose files are hit where they were not before."""
    sides: dict[tuple[str, str], int] = {}
    for file in (file for commit in commits for file in commit.added if is_meant(candidate, file.path)):
        for blob in (file.blob, file.before):
            if blob in texts:
                sides.setdefault((file.path, blob), len(sides))
    found = await hits_by_file(folder, candidate, [(path, texts[blob]) for path, blob in sides])
    stopped = []
    for commit in commits:
        hits = []
        for file in commit.added:
            now = found.get(sides.get((file.path, file.blob), -1), [])
            before = found.get(sides.get((file.path, file.before), -1), [])
            hits += split(now, baseline_of(before))[0]
        if hits:
            stopped.append(Stopped(candidate=number, commit=commit.commit, subject=commit.subject, hits=tuple(hits)))
    return stopped


def _by_paths(number: int, candidate: Candidate, commits: Sequence[Accepted]) -> Iterator[Stopped]:
    """Yield the commits that brought files which must not be, or changed too few or too many together."""
    rule = as_rule(candidate, number)
    body = typed_body(rule)
    for commit in commits:
        changed = [file.path for file in commit.added]
        match body:
            case PathBody():
                asked = body.model_copy(update={"exist": (), "beside": "", "links": False})
                fresh = [file.path for file in commit.added if file.is_new]
                hits = tuple(path_hits(rule, asked, fresh, changed))
            case SizeBody():
                hits = tuple(change_hits(rule, body, changed))
            case _:
                hits = ()
        if hits:
            yield Stopped(candidate=number, commit=commit.commit, subject=commit.subject, hits=hits)
