"""Record docs/screen-mistake.svg, -forge.svg and -rules.svg: a mistake becomes a rule, from a real terminal.

`make picture` runs this. It is no generated page: times differ from run to run, so tests do not compare it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from tests.e2e.gate import Gate
from tests.e2e.heart import Heart
from tests.e2e.painting import paint
from tests.e2e.place import Place

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS, ROWS = 132, 38


def main() -> None:
    """Record the pictures."""
    scenes: dict[str, str] = {}
    place = Place(Path(tempfile.mkdtemp(prefix="ck-", dir="/tmp")))
    try:
        with Gate() as gate:
            heart = Heart(place, gate, lambda scene: scenes.update({scene: heart.terminal.coloured()}), (COLUMNS, ROWS))
            heart.make_it_twice()
            heart.begin_a_third()
            heart.forge()
            heart.stop_the_third()
            heart.try_a_fourth()
    finally:
        place.close()
        shutil.rmtree(place.folder, ignore_errors=True)
    for scene in ("mistake", "forge", "rules"):
        file = DOCS / f"screen-{scene}.svg"
        file.write_text(paint(scenes[scene], COLUMNS, ROWS), encoding="utf-8")
        sys.stdout.write(f"docs/{file.name}: {COLUMNS}x{ROWS}\n")


if __name__ == "__main__":
    main()
