"""Colours of code: pygments over one block at a time, when it is first seen; the inks come from the theme."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name, get_lexer_for_filename
from pygments.token import Comment, Keyword, Name, Number, String, Token, _TokenType
from pygments.util import ClassNotFound

from widgets.sourceline import Span

LONGEST_LINE = 2_000
"""Lines with more characters are minified or data: colouring them costs more than it tells."""
_INK_OF: dict[_TokenType, str] = {
    Keyword: "keyword",
    Keyword.Constant: "number",
    Keyword.Type: "type",
    Name.Function: "function",
    Name.Class: "type",
    Name.Decorator: "function",
    Name.Builtin: "function",
    Name.Tag: "keyword",
    Name.Attribute: "function",
    String: "string",
    Number: "number",
    Comment: "comment",
}


def spans_of(lines: Sequence[str], name: str, *, is_file: bool = True) -> list[list[Span]]:
    """Return the inks of each line of a block.

    Args:
        lines: safe text without line ends.
        name: the file's name, or (not `is_file`) the name of the language.
        is_file: what `name` is.
    """
    found: list[list[Span]] = [[] for _ in lines]
    lexer = _lexer(_key(name) if is_file else name.strip().lower(), is_file=is_file)
    if lexer is None or any(len(line) > LONGEST_LINE for line in lines):
        return found
    row = column = 0
    for token, value in lexer.get_tokens("\n".join(lines)):
        ink = _ink(token)
        first, *others = value.split("\n")
        for place, piece in enumerate((first, *others)):
            if place:
                row, column = row + 1, 0
            if piece and ink and row < len(found):
                found[row].append((column, column + len(piece), ink))
            column += len(piece)
    return found


@lru_cache(maxsize=256)
def _ink(token: _TokenType) -> str:
    kind: _TokenType | None = token
    while kind is not None and kind is not Token:
        if kind in _INK_OF:
            return _INK_OF[kind]
        kind = kind.parent
    return ""


def _key(path: str) -> str:
    """Return what the lexer is chosen by: the last part of a path, or its ending alone when that says enough."""
    name = path.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return f"x.{ending}" if stem and dot and ending.isalnum() else name


@lru_cache(maxsize=128)
def _lexer(name: str, *, is_file: bool) -> Lexer | None:
    try:
        if is_file:
            return get_lexer_for_filename(name, stripnl=False, ensurenl=False)
        return get_lexer_by_name(name, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None
