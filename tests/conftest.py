"""What holds for every test: in CI nothing is passed over, because a test that did not run has proved nothing."""

from __future__ import annotations

import os

import pytest

_passed_over: list[str] = []


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() in ("true", "1")


def _note(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else getattr(report, "wasxfail", "")
    _passed_over.append(f"{report.nodeid}: {reason}")


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Remember what was skipped, and what passed although it was expected to fail."""
    if report.skipped or (report.passed and hasattr(report, "wasxfail")):
        _note(report)


def pytest_collectreport(report: pytest.CollectReport) -> None:
    """Remember modules that skip themselves whole."""
    if report.skipped:
        _note(report)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run in CI when anything was passed over."""
    if _passed_over and _is_ci() and session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was passed over."""
    if _passed_over and _is_ci():
        terminalreporter.section("passed over, which fails the run in CI")
        for line in _passed_over:
            terminalreporter.line(line)
