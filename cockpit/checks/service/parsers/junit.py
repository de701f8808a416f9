"""JUnit XML, as pytest, jest, cargo-nextest, gotestsum and many others write it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from junitparser import Attr, Error, Failure, JUnitXml, JUnitXmlError, TestCase, TestSuite

from cockpit.checks.service.parsers.report import Claim, Source, UnreadableReportError, natural

_DEPTH_LIMIT = 50
_PLACE = re.compile(r"^\s*(?:at |File \")?(?P<path>[^\s:\"()]{1,500})(?:\", line |:)(?P<line>\d{1,9})\b", re.MULTILINE)
_DETAIL_LINES = 25


class _PlacedCase(TestCase):
    """A test case with the attributes that pytest's xunit1, jest and others add."""

    file = Attr()
    line = Attr()


def parse(output: bytes, source: Source) -> Iterator[Claim]:
    """Yield one claim a failed or broken test; its code is the test's own name."""
    start = max(output.find(b"<"), 0)
    _refuse_dangerous(output[start:])
    try:
        tree = JUnitXml.fromstring(output[start:])
    except (JUnitXmlError, ParseError, ValueError) as error:
        raise UnreadableReportError(f"not a JUnit report: {error}") from error
    for case in _cases(tree):
        for result in case.result:
            if isinstance(result, Failure | Error):
                yield _claim(case, result, source)


def _refuse_dangerous(xml: bytes) -> None:
    """Refuse, before a tree is built, a document type (the door to entity bombs and foreign files) and deep nesting."""
    depth = 0

    def refuse(*_declaration: object) -> None:
        raise UnreadableReportError("the XML declares a document type, which a test report never needs")

    def enter(_name: str, _attributes: object) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEPTH_LIMIT:
            raise UnreadableReportError("the XML is nested too deeply")

    def leave(_name: str) -> None:
        nonlocal depth
        depth -= 1

    scanner = expat.ParserCreate()
    scanner.StartDoctypeDeclHandler = refuse
    scanner.StartElementHandler = enter
    scanner.EndElementHandler = leave
    try:
        scanner.Parse(xml, True)
    except expat.ExpatError as error:
        raise UnreadableReportError(f"broken XML: {error}") from error


def _cases(tree: JUnitXml | TestSuite) -> Iterator[TestCase]:
    for child in tree:
        if isinstance(child, TestCase):
            yield child
        else:
            yield from _cases(child)


def _claim(case: TestCase, result: Failure | Error, source: Source) -> Claim:
    name = "::".join(part for part in (case.classname, case.name) if part)
    details = (result.text or "").strip()
    path, line = _place(case, details, source)
    headline = (result.message or result.type or "failed").strip().splitlines()[:1]
    tail = "\n".join(details.splitlines()[-_DETAIL_LINES:])
    return Claim(message="\n".join([*headline, tail]).strip(), path=path, line=line, code=name)


def _place(case: TestCase, details: str, source: Source) -> tuple[str, int | None]:
    """Return where the report says the test is, else the last place of its traceback inside the workspace."""
    placed = _PlacedCase.fromelem(case)  # type: ignore[no-untyped-call]  # the library annotates half of itself
    if placed.file:
        line = placed.line or ""
        return placed.file, natural(int(line)) if line.isascii() and line.isdigit() and len(line) < 10 else None
    for found in reversed(list(_PLACE.finditer(details[-20_000:]))):
        if "." in found["path"] and source.locate(found["path"]):
            return found["path"], natural(int(found["line"]))
    return "", None
