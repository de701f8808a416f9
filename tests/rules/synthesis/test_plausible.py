"""What leads among the candidates: what the fix was about, neither the examples' words nor the mere shape of code."""

from __future__ import annotations

import pytest

from cockpit.rules.service.synthesis import Proposal, proposals
from cockpit.rules.service.synthesis.families import affix, family_of, kin_of_kinds
from cockpit.rules.service.synthesis.ranking import Seen, chosen, shortlist
from cockpit.rules.service.synthesis.tree import matches, parse
from cockpit.rules.types.forge import Pair


def _made(*pairs: tuple[str, str]) -> list[Proposal]:
    return chosen(shortlist(proposals([Pair(bad=bad, good=good) for bad, good in pairs], "python")))


def _hits(one: Proposal, text: str) -> bool:
    return bool(matches(parse(text, "python"), one.body))


@pytest.mark.parametrize(
    "pairs",
    [
        [("x = requests.get(url).json()", "x = requests.get(url, timeout=10).json()")],
        [
            ("return requests.get(url).json()", "return requests.get(url, timeout=10).json()"),
            ("text = requests.get(url).text", "text = requests.get(url, timeout=5).text"),
        ],
    ],
)
def test_the_call_that_lacks_what_the_fix_added_leads(pairs: list[tuple[str, str]]) -> None:
    first = _made(*pairs)[0]
    assert first.says.startswith("requests.get($$$REST)") and first.says.endswith("without timeout")
    assert _hits(first, "page = requests.get(where, headers=h)")
    assert not _hits(first, "page = requests.get(where, timeout=1).content")


@pytest.mark.parametrize("bad", ["x = 1", "a.b = c(d)", "cfg = os.environ['A']", "f(x)", "a = b"])
def test_a_lone_snippet_is_never_taken_for_all_code_of_its_kind(bad: str) -> None:
    assert not _hits(_made((bad, ""))[0], "one.other[0] = [three, four]\nfive.six(seven=8).nine()")


def test_two_of_a_family_stand_for_all_of_it() -> None:
    made = _made(
        ('logging.info("Foobar")', 'logger.info("Foobar")'),
        ('logging.warning("no %s", name)', 'logger.warning("no %s", name)'),
    )
    assert any(_hits(one, "logging.critical(text)") and not _hits(one, "logging.getLogger(name)") for one in made[:3])
    assert family_of(["info", "info"]) == family_of(["info", "read"]) == []


def test_what_every_fix_adds_to_a_name_is_what_names_lack() -> None:
    made = _made(
        ("class Validation(Exception): ...", "class ValidationError(Exception): ..."),
        ("class NotFound(Exception):\n    pass", "class NotFoundError(Exception):\n    pass"),
    )
    fine = "class BadError(Exception):\n    pass\n\nclass Page(View):\n    pass"
    assert any(_hits(one, "class Broken(Exception):\n    x = 1") and not _hits(one, fine) for one in made[:3])


def test_affixes_are_found_at_either_end_and_only_where_all_fixes_have_them() -> None:
    assert affix(["a", "bc"], [{"_a"}, {"_bc", "x"}]) == {"not": {"regex": "^_"}}
    assert affix(["a", "b"], [{"aError"}, {"other"}]) == {}
    assert affix(["a"], [{"aError"}]) == {}


def test_kinds_that_people_take_for_one_thing() -> None:
    assert kin_of_kinds(["import_statement"], python=True) == ["import_from_statement", "import_statement"]
    assert kin_of_kinds(["call"], python=True) == []


def test_loops_that_bind_the_name_in_a_tuple_count_as_well() -> None:
    made = _made(
        ("for x in xs:\n    x = x.strip()\n    f(x)", "for x in xs:\n    y = x.strip()\n    f(y)"),
        ("for line in f:\n    line = line[1:]\n    g(line)", "for line in f:\n    rest = line[1:]\n    g(rest)"),
    )
    assert any(_hits(one, "for at, row in rows:\n    row = clean(row)") for one in made)


def test_what_hits_nothing_is_no_choice_beside_its_like_that_hits() -> None:
    def said(says: str, score: float) -> Proposal:
        return Proposal({"rule": {"pattern": says}}, score, "call at 0-9, pattern", says)

    group = [said("wide", 1.0), said("silent", 0.9), said("other", 0.3)]
    seen = [Seen({1, 2}), Seen(set()), Seen({3})]
    assert [one.says for one in chosen(group, seen, 100_000)][:2] == ["wide", "other"]
