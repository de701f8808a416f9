"""SARIF 2.1.0, the exchange format of static analysers."""

from __future__ import annotations

from collections.abc import Iterator

from cockpit.checks.service.parsers.json_text import read_json, record, records
from cockpit.checks.service.parsers.report import Claim, Source, UnreadableReportError, natural, severity_of, text_of

_Record = dict[str, object]


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield the results that stand: not suppressed, not absent, of kind `fail`."""
    document = record(read_json(output, "{"))
    if not isinstance(document.get("runs"), list):
        raise UnreadableReportError("no runs in the output: is it SARIF?")
    for run in records(document["runs"]):
        driver = record(record(run.get("tool")).get("driver"))
        rules = records(driver.get("rules"))
        by_id = {text_of(rule.get("id")): rule for rule in rules}
        bases = record(run.get("originalUriBaseIds"))
        artifacts = records(run.get("artifacts"))
        for result in records(run.get("results")):
            if _stands(result):
                yield _claim(result, _rule(result, rules, by_id), artifacts, bases)


def _stands(result: _Record) -> bool:
    suppressed = [one for one in records(result.get("suppressions")) if one.get("status") in (None, "accepted")]
    return result.get("kind", "fail") == "fail" and result.get("baselineState") != "absent" and not suppressed


def _rule(result: _Record, rules: list[_Record], by_id: dict[str, _Record]) -> _Record:
    index = result.get("ruleIndex", record(result.get("rule")).get("index"))
    if isinstance(index, int) and 0 <= index < len(rules):
        return rules[index]
    return by_id.get(_rule_id(result), {})


def _rule_id(result: _Record) -> str:
    return text_of(result.get("ruleId")) or text_of(record(result.get("rule")).get("id"))


def _claim(result: _Record, rule: _Record, artifacts: list[_Record], bases: _Record) -> Claim:
    places = records(result.get("locations"))
    physical = record(places[0].get("physicalLocation")) if places else {}
    region = record(physical.get("region"))
    fixes = records(result.get("fixes"))
    advice = _text(fixes[0].get("description")) if fixes else ""
    level = result.get("level") or record(rule.get("defaultConfiguration")).get("level") or "warning"
    return Claim(
        message=_message(result, rule),
        path=_uri(record(physical.get("artifactLocation")), artifacts, bases),
        line=natural(region.get("startLine")),
        column=natural(region.get("startColumn")),
        code=_rule_id(result) or text_of(rule.get("id")),
        severity=severity_of(level),
        remediation=advice or _text(rule.get("help")) or text_of(rule.get("helpUri")),
    )


def _text(message: object) -> str:
    return text_of(record(message).get("text"))


def _message(result: _Record, rule: _Record) -> str:
    message = record(result.get("message"))
    template = _text(message)
    if not template:
        strings = record(rule.get("messageStrings"))
        template = _text(strings.get(text_of(message.get("id")))) or _text(rule.get("shortDescription"))
    arguments = message.get("arguments")
    for number, argument in enumerate(arguments[:20] if isinstance(arguments, list) else ()):
        template = template.replace(f"{{{number}}}", text_of(argument))
    return template


def _uri(location: _Record, artifacts: list[_Record], bases: _Record) -> str:
    index = location.get("index")
    if not location.get("uri") and isinstance(index, int) and 0 <= index < len(artifacts):
        location = record(artifacts[index].get("location"))
    uri = text_of(location.get("uri"))
    base = text_of(record(bases.get(text_of(location.get("uriBaseId")))).get("uri"))
    return base.rstrip("/") + "/" + uri if base.startswith("file:") and not uri.startswith("file:") else uri
