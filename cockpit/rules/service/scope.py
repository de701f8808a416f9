"""Where a rule applies, taken from where its examples were: from their own folders to everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath


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
