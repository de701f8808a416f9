"""What the tools decide: whose a token is, how often one may ask, how much is said."""

from __future__ import annotations

import stat
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cockpit.checks.types import CheckOutcome, CheckResult, Finding, Severity
from cockpit.providers.secrets import REDACTED, redact
from cockpit.senses import repo
from cockpit.senses.service.pace import Pace
from cockpit.senses.service.tokens import session_of, token_of
from cockpit.senses.service.words import checks_said, cut
from cockpit.types import SessionId, TreeId

SECRET, OTHER = "ab" * 32, "cd" * 32


def test_a_token_names_its_session_under_its_secret_only() -> None:
    token = token_of(SessionId("fix-login-3"), SECRET)
    assert session_of(token, SECRET) == "fix-login-3"
    assert session_of(token, OTHER) is None
    assert token == token_of(SessionId("fix-login-3"), SECRET)
    assert redact(f"curl -H x:{token} y") == f"curl -H x:{REDACTED} y"


@given(st.text())
def test_no_text_but_a_token_is_taken_for_one(text: str) -> None:
    assert session_of(text, SECRET) is None


@given(st.integers(0, 80), st.characters())
def test_no_token_stays_good_when_a_character_differs(place: int, character: str) -> None:
    token = token_of(SessionId("a-1"), SECRET)
    changed = token[:place] + character + token[place + 1 :]
    assert session_of(changed, SECRET) == ("a-1" if changed == token else None)


def test_a_bucket_lets_a_burst_through_and_then_as_many_as_time_brings() -> None:
    pace = Pace(burst=3, per_s=2)
    assert [pace.take("a", 10) for _ in range(4)] == [0, 0, 0, 0.5]
    assert pace.take("b", 10) == 0
    assert pace.take("a", 10.5) == 0
    assert pace.take("a", 10.5) > 0
    assert [pace.take("a", 1000) for _ in range(4)] == [0, 0, 0, 0.5]


def test_findings_are_told_errors_first_and_in_measure() -> None:
    notes = tuple(Finding(check="lint", message=f"note {n}", severity=Severity.NOTE) for n in range(100))
    error = Finding(check="lint", path="a.py", line=3, message="x" * 5000, code="E1", remediation="rename it")
    lint = CheckResult(check="lint", tree=TreeId("t"), outcome=CheckOutcome.FAILED, findings=(*notes, error), total=300)
    gone = CheckResult(check="tests", tree=TreeId("t"), outcome=CheckOutcome.BROKEN, summary="timed out")
    said = checks_said((lint, gone), (Finding(check="conflict-markers", path="b.py", message="conflict"),), {})
    assert (said.passed, said.says) == (False, "failed: conflict-markers, lint; could not run: tests")
    assert [check.check for check in said.checks] == ["conflict-markers", "lint", "tests"]
    first = said.checks[1].findings[0]
    assert (first.file, first.line, first.code, first.fix) == ("a.py", 3, "E1", "rename it")
    assert len(first.what) <= 800
    assert (len(said.checks[1].findings), said.checks[1].not_shown) == (59, 241)
    assert checks_said((), (), {}).passed


def test_long_words_keep_both_ends() -> None:
    assert cut("short", 10) == "short"
    assert cut("a" * 50 + "b" * 50, 25) == f"{'a' * 10} ... {'b' * 10}"


def test_what_is_kept_is_found_again_and_torn_files_begin_anew(tmp_path: Path) -> None:
    path = tmp_path / "senses.json"
    kept = repo.load(path)
    assert (kept.port, len(kept.secret)) == (0, 64)
    assert kept.secret not in repr(kept)
    repo.save(path, kept.model_copy(update={"port": 4711}))
    assert repo.load(path) == kept.model_copy(update={"port": 4711})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for torn in (b"", b"{", b'{"port": 99999, "secret": "x"}', b'{"port": 1}'):
        path.write_bytes(torn)
        assert repo.load(path).port == 0
        assert repo.load(path).secret != kept.secret
