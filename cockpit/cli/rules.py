"""`cockpit rules`: which rules there are, what they say, whether their examples prove them, and new ones from packs."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

from cockpit.cli import FAILED, NEEDS_HUMAN, OK
from cockpit.cli.arguments import Arguments, UsageError
from cockpit.cli.checkout import Look
from cockpit.cli.repository import find_repository
from cockpit.providers.globs import matching
from cockpit.providers.paths import Paths
from cockpit.providers.text import clean
from cockpit.rules.repo.packs import asked_for, shipped
from cockpit.rules.repo.reading import read_files, read_rules
from cockpit.rules.repo.writing import with_state, write_files
from cockpit.rules.runtime.proof import Proof, prove
from cockpit.rules.runtime.scan import Scanner
from cockpit.rules.service.files import folders_of, looked_at
from cockpit.rules.service.findings import problem_text
from cockpit.rules.types import Engine, Rule, RuleSet, RuleState
from cockpit.rules.types.bodies import CommandBody, LayersBody
from cockpit.rules.types.errors import RulesError, ScanError

_NEXT = """
Next: `cockpit rules test` proves them, `cockpit check --all` shows what they find
today, `cockpit check --baseline` lets that be, so that only new code is told.
They are yours now: change them at will. `cockpit rules state ID block` lets one
that only warns stop changes."""


def list_rules(arguments: Arguments) -> int:
    """List the rules of the repository."""
    rules = _rules(find_repository(arguments.repo))
    if arguments.json:
        print(json.dumps([rule.model_dump(mode="json") for rule in rules.rules]))
        return FAILED if rules.problems else OK
    if not rules.rules and not rules.problems:
        print("no rules yet: `cockpit rules add` shows what there is to begin with")
    width = max((len(rule.id) for rule in rules.rules), default=0)
    for rule in rules.rules:
        state = f"{rule.metadata.state} {rule.severity}"
        print(_cut(f"{rule.id:<{width}}  {rule.engine:<8}  {state:<14}  {_first_line(rule.message)}"))
    return _told_problems(rules)


def show(arguments: Arguments) -> int:
    """Show one rule: its file as it is, and its tests."""
    root = find_repository(arguments.repo)
    files = read_files(root)
    rules = read_rules(files)
    rule = rules.get(arguments.rule)
    if rule is None:
        known = ", ".join(one.id for one in rules.rules) or "none"
        raise UsageError(f"there is no rule {arguments.rule!r}; there are: {known}")
    print(f"# {rule.source}")
    print(clean(files[rule.source]).rstrip())
    for path in sorted(files):
        if path.endswith((f"/{rule.id}-test.yml", f"/{rule.id}-test.yaml")):
            print(f"\n# {path}")
            print(clean(files[path]).rstrip())
    return OK


def test(arguments: Arguments) -> int:
    """Try every rule on its own examples."""
    root = find_repository(arguments.repo)
    rules = _rules(root)
    if unknown := [name for name in arguments.rules if rules.get(name) is None]:
        raise UsageError(f"there is no rule {unknown[0]!r}")
    if arguments.rules:
        wanted = tuple(rule for rule in rules.rules if rule.id in arguments.rules)
        rules = rules.model_copy(update={"rules": wanted, "problems": ()})
    try:
        proofs = asyncio.run(prove(rules, Scanner(Paths.for_repo(root).artifacts / "rules")))
    except ScanError as error:
        print(f"cockpit: {error}", file=sys.stderr)
        return FAILED
    for proof in proofs:
        _print_proof(proof)
    for rule in rules.rules:
        if rule.engine in (Engine.COMMAND, Engine.JUDGE):
            how = "`cockpit check` runs it" if rule.engine is Engine.COMMAND else "`cockpit check --judge` asks by it"
            print(f"untried {rule.id}: no example can try it; {how}")
    wrong = sum(bool(proof.wrong or proof.problems) for proof in proofs)
    print(f"{len(proofs)} {'rule' if len(proofs) == 1 else 'rules'} tried, {wrong} wrong", file=sys.stderr)
    return NEEDS_HUMAN if wrong else _told_problems(rules)


def add(arguments: Arguments) -> int:
    """Adopt rules from the shipped packs; without a name, show what there is."""
    if not arguments.names:
        for one in shipped():
            print(_cut(f"{one.name:<24}  {_first_line(one.rule.message or one.rule.note)}"))
        print("\n`cockpit rules add PACK` or `PACK/RULE` adopts some of them, as files of yours.", file=sys.stderr)
        return OK
    found, unknown = asked_for(arguments.names)
    if unknown:
        raise UsageError(f"there is no pack or rule {unknown[0]!r}: `cockpit rules add` lists them")
    root = find_repository(arguments.repo)
    state = RuleState(arguments.state) if arguments.state else None
    for one in found:
        files = dict(one.files)
        if state is not None:
            files[one.rule.source] = with_state(files[one.rule.source], state)
        try:
            written = write_files(root, files)
        except RulesError as error:
            raise UsageError(str(error)) from error
        print("\n".join(f"wrote {path}" for path in written) or f"kept {one.rule.source}, which exists already")
    with Look(root, base=None) as look:
        paths = look.end().paths
    for one in found:
        for aside in _asides(one.rule, paths):
            print(f"note  {one.rule.id}: {aside}")
    print(_NEXT, file=sys.stderr)
    return OK


def _asides(rule: Rule, paths: Sequence[str]) -> Iterator[str]:
    """Yield why a rule that was just adopted does nothing here as it is."""
    if rule.engine is Engine.LAYERS:
        body = LayersBody.model_validate(rule.body)
        if body.domains and not matching(folders_of(paths), body.domains):
            yield f"no folder here is a domain ({', '.join(body.domains)}): say in {rule.source} where yours are"
    elif not looked_at(rule, paths):
        yield f"it looks at no file here yet: `files` in {rule.source} says at which"
    if rule.engine is Engine.COMMAND:
        body_of_command = CommandBody.model_validate(rule.body)
        program = body_of_command.run[0]
        if "/" not in program and shutil.which(program) is None:
            yield f"it needs {program}: {body_of_command.install}"


def _rules(root: Path) -> RuleSet:
    return read_rules(read_files(root))


def _told_problems(rules: RuleSet) -> int:
    for problem in rules.problems:
        print(f"cannot be read: {problem_text(problem)}", file=sys.stderr)
    return FAILED if rules.problems else OK


def _print_proof(proof: Proof) -> None:
    rule = proof.rule
    for problem in proof.problems:
        print(f"wrong   {rule.id}: {problem_text(problem)}")
    for example in proof.wrong:
        print(f"wrong   {rule.id}: {'misses this bad' if example.kind == 'bad' else 'hits this good'} example:")
        print(textwrap.indent(clean(example.text).rstrip(), "          "))
    if not proof.wrong and not proof.problems:
        print(f"{'proven' if proof.is_proven else 'passed'}  {rule.id}: {_counted(rule)}")


def _counted(rule: Rule) -> str:
    bad = sum(one.kind == "bad" for one in rule.examples)
    good = len(rule.examples) - bad
    return f"{bad} bad, {good} good" if rule.examples else "has no examples"


def _cut(line: str) -> str:
    """Return a line of a table so that it fits a terminal; all of it where it goes elsewhere."""
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else len(line)
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _first_line(text: str) -> str:
    return clean(text).strip().partition("\n")[0][:100]
