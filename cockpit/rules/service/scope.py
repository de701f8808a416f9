"""Where a rule applies, taken from where its examples were: from their own folders to everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath

from cockpit.providers.globs import matching
from cockpit.rules.types.forge import Candidate

_TESTS: Mapping[str, tuple[str, ...]] = {
    "python": ("**/tests/**", "**/test_*.py", "**/conftest.py"),
    "typescript": ("**/__tests__/**", "**/*.test.*", "**/*.spec.*"),
    "tsx": ("**/__tests__/**", "**/*.test.*", "**/*.spec.*"),
    "javascript": ("**/__tests__/**", "**/*.test.*", "**/*.spec.*"),
    "go": ("**/*_test.go",),
    "java": ("**/src/test/**",),
}
_OTHER_TESTS = ("**/tests/**",)


def tests_of(language: str) -> tuple[str, ...]:
    """Return globs of the files in which a language's tests are kept."""
    return _TESTS.get(language.lower(), _OTHER_TESTS)


def left_out(paths: Iterable[str], language: str) -> tuple[str, ...]:
    """Return the globs of files that a rule made of examples leaves alone: tests, unless an example is one."""
    tests = tests_of(language)
    return () if matching([path for path in paths if path], tests) else tests


def is_meant(candidate: Candidate, path: str) -> bool:
    """Return whether a candidate looks at a file."""
    if not candidate.files and not candidate.ignores:
        return True
    return bool(matching([path], [*(candidate.files or ("**",)), *(f"!{glob}" for glob in candidate.ignores)]))


def scopes_of(paths: Iterable[str]) -> list[tuple[str, ...]]:
    """Return globs for `files`, the narrowest first; the last is none at all, which means everywhere.

    Examples in `src/users/service/a.py` and `src/orders/service/b.py` give `src/*/service/**`, then `src/**`.
    """
    folders = sorted({PurePosixPath(path).parts[:-1] for path in paths if path})
    found: list[tuple[str, ...]] = []
    if folders and all(folders):
        if len({len(parts) for parts in folders}) == 1:
            shape = ["*" if len(set(column)) > 1 else column[0] for column in zip(*folders, strict=True)]
            if any(part != "*" for part in shape):
                found.append((f"{'/'.join(shape)}/**",))
        else:
            found += _of_a_shared_folder(folders)
        if shared := _beginning(folders):
            found.append((f"{'/'.join(shared)}/**",))
            found.append((f"{shared[0]}/**",))
    return [*dict.fromkeys(found), ()]


def _of_a_shared_folder(folders: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the globs of folder names that all paths have somewhere."""
    shared = set.intersection(*map(set, folders)) - set(_beginning(folders))
    return [(f"**/{name}/**",) for name in sorted(shared)]


def _beginning(folders: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    kept = []
    for column in zip(*folders, strict=False):
        if len(set(column)) > 1:
            break
        kept.append(column[0])
    return tuple(kept)
