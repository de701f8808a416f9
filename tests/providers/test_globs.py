"""What a glob means."""

from __future__ import annotations

import pytest

from cockpit.providers.globs import matching


@pytest.mark.parametrize(
    ("glob", "path", "expected"),
    [
        ("**", "a/b.py", True),
        ("**/*.py", "a.py", True),
        ("**/*.py", "a/b/c.py", True),
        ("*.py", "a/b.py", False),
        ("src/**", "src/a/b", True),
        ("src/", "src/a/b", True),
        ("src/**", "srcs/a", False),
        ("src/**/t?.py", "src/t1.py", True),
        ("**/*.{js,ts}", "a/b.ts", True),
        ("**/*.{js,ts}", "a/b.py", False),
        ("[!a]*.py", "b.py", True),
        ("[!a]*.py", "a.py", False),
        ("[", "[", True),
        ("a+b.py", "a+b.py", True),
    ],
)
def test_globs(glob: str, path: str, expected: bool) -> None:
    assert bool(matching([path], [glob])) is expected


def test_globs_leave_out() -> None:
    assert matching(["a.py", "docs/a.py"], ["**/*.py", "!docs/**"]) == ["a.py"]
