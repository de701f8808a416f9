"""`.cockpit/` without us: ast-grep's own program reads, carries out and tests the rules that are kept there."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from cockpit.rules.repo.packs import shipped
from cockpit.rules.repo.places import examples_file, rule_file
from cockpit.rules.repo.reading import read_rule
from cockpit.rules.repo.writing import write_files
from cockpit.rules.runtime.program import find_program
from cockpit.rules.service.offence.wording import Wording, rule_text
from cockpit.rules.service.offence.wording import tests_text as examples_text
from cockpit.rules.service.synthesis import proposals
from cockpit.rules.types import Engine
from cockpit.rules.types.forge import Candidate, Pair

PLAIN = [one for one in shipped() if one.rule.engine is Engine.AST_GREP]


def ast_grep(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    argv = [str(find_program()), words[0], "-c", ".cockpit/sgconfig.yml", *words[1:]]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, timeout=50)


def assert_proven(root: Path) -> None:
    tested = ast_grep(root, "test", "--skip-snapshot-tests")
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert "0 failed" in tested.stdout


@pytest.mark.parametrize("name", [one.name for one in PLAIN])
def test_a_shipped_rule(name: str, tmp_path: Path) -> None:
    (one,) = (one for one in PLAIN if one.name == name)
    write_files(tmp_path, one.files)
    assert_proven(tmp_path)
    bad = next(example for example in one.rule.examples if example.kind.value == "bad")
    ending = {"python": "py", "typescript": "ts", "tsx": "tsx", "javascript": "js"}[one.rule.language.lower()]
    (tmp_path / "src").mkdir()
    (tmp_path / f"src/bad.{ending}").write_text(bad.text)
    scanned = ast_grep(tmp_path, "scan", "--json=compact")
    assert one.rule.id in {hit["ruleId"] for hit in json.loads(scanned.stdout)}, scanned.stderr


def test_all_shipped_rules_side_by_side(tmp_path: Path) -> None:
    for one in shipped():
        write_files(tmp_path, one.files)
    assert_proven(tmp_path)
    (tmp_path / "clean.py").write_text("x = 1\n")
    scanned = ast_grep(tmp_path, "scan", "--json=compact")
    assert (scanned.returncode, json.loads(scanned.stdout)) == (0, [])


PAIRS = (
    Pair(bad="requests.get(url)", good="requests.get(url, timeout=10)", path="src/a.py"),
    Pair(bad='requests.post(url, json="ü: {x} #"\n  )', good="requests.post(url, timeout=5)", path="src/b.py"),
)


def test_what_the_forge_writes(tmp_path: Path) -> None:
    made = proposals(list(PAIRS), "python", others=())
    assert made
    for number, one in enumerate(made[:4]):
        candidate = Candidate(language="python", body=one.body, files=("src/**",), says="x")
        metadata = {"state": "block", "origin": [{"kind": "redirect", "quote": "no: timeout # 'here'"}]}
        wording = Wording(
            f"made-{number}", "no timeout: it hangs", "Pass timeout=\n# or else", metadata, PAIRS, ("f(x)",)
        )
        text = rule_text(candidate, wording)
        write_files(tmp_path, {rule_file(wording.name): text, examples_file(wording.name): examples_text(wording)})
        assert read_rule(text, rule_file(wording.name)).message == wording.message
    assert_proven(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src/x.py").write_text("requests.get(other)\n")
    (tmp_path / "y.py").write_text("requests.get(other)\n")
    hits = json.loads(ast_grep(tmp_path, "scan", "--json=compact").stdout)
    assert {hit["file"] for hit in hits} == {"src/x.py"}


def test_our_own_rules() -> None:
    scanned = ast_grep(Path(__file__).parent.parent.parent, "scan", "--json=compact", "--", "cockpit/types.py")
    assert scanned.returncode in (0, 1), scanned.stderr
