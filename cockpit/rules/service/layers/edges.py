"""What imports what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """One import of one file by another, or of something from outside the repository."""

    importer: str
    """Path of the file that imports."""
    line: int
    """Where, from 1."""
    module: str
    """What it imports, as the language says it."""
    imported: str = ""
    """Path of the file that is imported, or of a folder, with a slash at its end; empty: from outside."""
    is_for_types: bool = False
    """Only type checkers carry it out."""
