"""The pack about API descriptions, with the real tools: what is invalid, and what breaks clients."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from cockpit.checks.repo import CheckCache
from cockpit.checks.runtime import CheckRunner
from cockpit.checks.runtime.rule_bases import base_of
from cockpit.checks.runtime.rule_commands import Commanded, carry_out
from cockpit.rules.repo.packs import asked_for
from cockpit.rules.types import ExampleKind, Rule
from tests.checks.running import CountingRun, make, target

SPEC = """\
openapi: 3.0.3
info: {title: Shop, version: 1.0.0}
paths:
  /orders:
    get:
      responses:
        "200": {description: all, content: {application/json: {schema: {$ref: "#/components/schemas/Order"}}}}
    delete: {responses: {"204": {description: gone}}}
components:
  schemas:
    Order: {type: object, properties: {id: {type: string}, total: {type: number}}}
"""


class Shop:
    """A repository with an API description, as it was and as it is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run = CountingRun()
        self.runner = CheckRunner(self.run, CheckCache(folder / "cache"), 2)

    async def found(self, rule: Rule, files: dict[str, str], before: dict[str, str]) -> Commanded:
        """Carry a rule out on files that all changed."""

        async def read(blobs: Iterable[str], _limit: int) -> dict[str, bytes]:
            return {blob: text.encode() for blob, text in contents.items() if blob in set(blobs)}

        contents = {f"{hash(text):x}": text for text in before.values()}
        ids = {path: f"{hash(text):x}" for path, text in before.items()}
        root = make(self.folder / "code", files)
        base = await base_of([rule], ids, read, self.folder / "bases")
        return await carry_out([rule], self.runner, target(root), set(files), base)


def rule_of(name: str) -> Rule:
    (found,), _ = asked_for([f"api/{name}"])
    return found.rule


async def test_a_breaking_change_is_found_and_a_compatible_one_is_not(tmp_path: Path) -> None:
    shop, rule = Shop(tmp_path), rule_of("openapi-breaking")
    removed = SPEC.replace('    delete: {responses: {"204": {description: gone}}}\n', "")
    before = {"api/openapi.yaml": SPEC, "README.md": "x"}
    found = await shop.found(rule, {"api/openapi.yaml": removed, "new/openapi.yaml": removed}, before)
    assert not found.problems
    (hit,) = found.hits
    assert (hit.path, hit.line) == ("api/openapi.yaml", None)
    assert hit.message.startswith("this breaks clients of the API: Method removed: DELETE /orders")
    assert "deprecated: true" in hit.note
    retyped = SPEC.replace("total: {type: number}", "total: {type: string}")
    assert (await shop.found(rule, {"api/openapi.yaml": retyped}, before)).hits
    added = SPEC.replace("total: {type: number}", "total: {type: number}, note: {type: string}")
    assert not (await shop.found(rule, {"api/openapi.yaml": added}, before)).hits


async def test_nothing_is_run_twice_on_the_same_description_and_base(tmp_path: Path) -> None:
    shop, rule = Shop(tmp_path), rule_of("openapi-breaking")
    shorter = SPEC.replace('    delete: {responses: {"204": {description: gone}}}\n', "")
    for _again in range(2):
        assert (await shop.found(rule, {"openapi.yaml": shorter}, {"openapi.yaml": SPEC})).hits
    ran = len(shop.run.started)
    await shop.found(rule, {"openapi.yaml": shorter}, {"openapi.yaml": SPEC})
    assert len(shop.run.started) == ran
    assert not (await shop.found(rule, {"openapi.yaml": shorter}, {"openapi.yaml": shorter})).hits
    assert len(shop.run.started) > ran, "what it is compared with is another"


async def test_a_description_that_is_none_is_found_and_the_examples_prove_it(tmp_path: Path) -> None:
    shop, rule = Shop(tmp_path), rule_of("openapi-valid")
    for example in rule.examples:
        found = await shop.found(rule, {example.path: example.text}, {})
        assert not found.problems
        assert bool(found.hits) is (example.kind is ExampleKind.BAD)
    dangling = SPEC.replace("#/components/schemas/Order", "#/components/schemas/Odrer")
    (hit,) = (await shop.found(rule, {"openapi.yaml": dangling}, {})).hits
    assert "'/components/schemas/Odrer' does not exist" in hit.message
    for broken in ("x: [", "a: b: c"):
        assert (await shop.found(rule, {"openapi.yaml": broken}, {})).hits
    assert not (await shop.found(rule, {"openapi.yaml": SPEC}, {})).hits


async def test_a_missing_tool_is_told_with_how_to_get_it(tmp_path: Path) -> None:
    shop, rule = Shop(tmp_path), rule_of("openapi-valid")
    nowhere = rule.model_copy(update={"body": {**rule.body, "run": ["no-such-validator", "{file}"]}})
    (problem,) = (await shop.found(nowhere, {"openapi.yaml": SPEC}, {})).problems
    assert problem.message.startswith("`no-such-validator` is not here: pip install 'openapi-spec-validator")
