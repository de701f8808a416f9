"""`python -m docs.generate`: writes what differs, and says what it wrote."""

from __future__ import annotations

from docs.generate import ROOT, pages, pictures


def main() -> None:
    """Write every generated file that is not as it should be."""
    for file, text in {**pages(), **pictures()}.items():
        before = file.read_text("utf-8") if file.exists() else None
        if before != text:
            file.write_text(text, "utf-8")
        print(f"{'kept ' if before == text else 'wrote'} {file.relative_to(ROOT)}")


main()
