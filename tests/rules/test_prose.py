"""Prose that rules make superfluous: items with all of their lines, the one a rule names, the one in its words."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.rules.repo.packs import shipped
from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.service.prose import items_of, superfluous, without
from cockpit.rules.types import Rule, RuleId, RuleMetadata

TEXT = """\
# Map

- First item,
  over two lines
    - nested
* Second: `x`

## HTTP calls
1. Calls need a timeout.

```
- not an item
```
Prose that is no list.
"""


def a_rule(name: str = "r", message: str = "", named: str = "") -> Rule:
    return Rule(id=RuleId(name), message=message, metadata=RuleMetadata(replaces_prose=named))


def test_an_item_goes_on_as_far_as_it_is_indented_and_code_is_none() -> None:
    assert [(item.line, item.words, item.heading) for item in items_of(TEXT)] == [
        (3, "First item, over two lines - nested", "Map"),
        (6, "Second: `x`", "Map"),
        (9, "Calls need a timeout.", "HTTP calls"),
    ]


def test_every_item_can_be_taken_out_whole_and_only_where_it_stands() -> None:
    for item in items_of(TEXT):
        left = without(TEXT, item.line, item.text)
        assert left is not None
        assert [one.words for one in items_of(left)] == [o.words for o in items_of(TEXT) if o.words != item.words]
        assert without(TEXT, item.line + 1, item.text) is None
    assert without(TEXT.replace("\n", "\r\n"), 6, "* Second: `x`") == TEXT.replace("* Second: `x`\n", "").replace(
        "\n", "\r\n"
    )
    assert without(TEXT, 6, "") is None


@pytest.mark.parametrize(
    ("named", "line"),
    [
        ("second: `X`", 6),
        ("AGENTS.md#http-calls", 9),
        ("#http-calls", 9),
        ("nowhere", 0),
        ("AGENTS.md#map", 0),
        ("e", 0),
    ],
)
def test_a_rule_names_one_item_by_its_words_or_its_heading(named: str, line: int) -> None:
    found = superfluous([a_rule(named=named)], "AGENTS.md", TEXT)
    assert [(one.line, one.is_named) for one in found.values()] == ([(line, True)] if line else [])


def test_nothing_of_our_own_map_is_proposed_wrongly() -> None:
    root = Path(__file__).parents[2]
    rules = read_rules(read_files(root)).rules
    text = (root / "AGENTS.md").read_text()
    found = {rule: one.text.split(".")[0] for rule, one in superfluous(rules, "AGENTS.md", text).items()}
    right = {
        "no-from-markup": "- No foreign text on the screen as it came",
        "broad-except-says-why": "- No broad `except`",
    }
    assert found.items() <= right.items()


def test_words_that_are_merely_near_are_not_proposed() -> None:
    text = "- Log with fields, not f-strings.\n- Use pnpm, not npm.\n- Never commit secrets.\n- Keep files short.\n"
    assert superfluous([one.rule for one in shipped()], "AGENTS.md", text) == {}
