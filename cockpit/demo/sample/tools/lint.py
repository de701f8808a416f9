"""The lint of this repository: white space at the end of lines, public functions without a docstring, print in shop/.

`python3 tools/lint.py` reports `path:line: code message`; `--fix` removes the white space.
"""

import ast
import sys
from pathlib import Path


def problems(path: Path) -> list[tuple[int, str, str]]:
    text = path.read_text()
    found = [
        (number, "W1", "white space at the end of the line")
        for number, line in enumerate(text.splitlines(), 1)
        if line != line.rstrip()
    ]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and not ast.get_docstring(node):
            found.append((node.lineno, "D1", f"{node.name} has no docstring: say what it returns, and in which unit"))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            found.append((node.lineno, "P1", "a library does not print: return the text"))
    return sorted(found)


def main() -> int:
    files = sorted(Path("shop").glob("*.py"))
    if "--fix" in sys.argv:
        for path in files:
            path.write_text("".join(f"{line.rstrip()}\n" for line in path.read_text().splitlines()))
    count = 0
    for path in files:
        for number, code, message in problems(path):
            print(f"{path}:{number}: {code} {message}")
            count += 1
    return 1 if count else 0


sys.exit(main())
