from __future__ import annotations

from pathlib import Path

from cockpit.rules.repo.packs import asked_for, shipped
from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.runtime.proof import prove
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.types import RuleSet
from tests.rules.book import NO_EVAL, Book

ROOT = Path(__file__).parent.parent.parent


async def test_every_shipped_rule_is_proven_by_bad_and_good_examples(tmp_path: Path) -> None:
    rules = RuleSet(rules=tuple(one.rule for one in shipped()))
    proofs = await prove(rules, Scanner(tmp_path))
    assert [proof.rule.id for proof in proofs if not proof.is_proven] == []
    assert {one.pack for one in shipped()} == {"agents-md", "api", "boundary", "layers", "logging", "naming", "size"}


def test_rules_are_asked_for_by_pack_or_by_name() -> None:
    found, unknown = asked_for(["logging/no-print", "boundary", "nonsense"])
    assert [one.name for one in found] == ["boundary/no-cast-json", "boundary/parse-json", "logging/no-print"]
    assert unknown == ["nonsense"]
    assert sorted(found[2].files) == [".cockpit/rule-tests/no-print-test.yml", ".cockpit/rules/no-print.yml"]


async def test_examples_that_come_out_wrong_are_told(tmp_path: Path) -> None:
    book = Book(tmp_path).rule(NO_EVAL, "no-eval")
    book.write(
        {".cockpit/rule-tests/no-eval-test.yml": "id: no-eval\nvalid: [eval(1)]\ninvalid: [parse(x), eval(x)]\n"}
    )
    book.rule("id: broken\nlanguage: python\nrule: {kind: nonsense}\n", "broken")
    wrong = {str(proof.rule.id): proof for proof in await prove(book.rules, Scanner(book.state))}
    assert [(one.kind, one.text) for one in wrong["no-eval"].wrong] == [("bad", "parse(x)"), ("good", "eval(1)")]
    assert wrong["broken"].problems


def test_our_own_rules_can_be_read() -> None:
    rules = read_rules(read_files(ROOT))
    assert not rules.problems
    assert {rule.id for rule in rules.rules} >= {"layers", "size"}


def test_every_shipped_rule_teaches() -> None:
    for one in shipped():
        rule = one.rule
        assert rule.note, f"{one.name} does not say how to put it right"
        assert rule.metadata.why, f"{one.name} does not say why"
        assert rule.metadata.pack == one.pack
        assert rule.good_example, f"{one.name} shows no good example"
        assert rule.message or rule.engine == "layers", f"{one.name} does not say what is wrong"
        assert len(rule.message) <= 80, f"{one.name} is too long for a line"
