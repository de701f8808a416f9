from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cockpit.checks.repo import CheckCache
from cockpit.checks.types import CheckOutcome, CheckResult
from cockpit.types import TreeId

TREE = TreeId("1" * 40)
PASSED = CheckResult(check="it", tree=TREE, outcome=CheckOutcome.PASSED)


def key(number: int) -> str:
    return f"{number:064x}"


def test_verdicts_outlive_whoever_kept_them(tmp_path: Path) -> None:
    CheckCache(tmp_path).put(key(1), PASSED)
    other = TreeId("2" * 40)
    kept = CheckCache(tmp_path).get(key(1), other)
    assert kept == PASSED.model_copy(update={"tree": other, "is_cached": True})
    assert CheckCache(tmp_path).get(key(2), other) is None


def test_a_torn_verdict_is_no_verdict(tmp_path: Path) -> None:
    cache = CheckCache(tmp_path)
    cache.put(key(1), PASSED)
    file = tmp_path / "results" / key(1)
    file.write_bytes(file.read_bytes()[:10])
    assert cache.get(key(1), TREE) is None
    assert not file.exists()


def test_outputs_are_kept_once(tmp_path: Path) -> None:
    cache = CheckCache(tmp_path)
    one, two = cache.keep_output(b"same \xff"), cache.keep_output(b"same \xff")
    assert one == two
    assert cache.output(one) == "same \ufffd"
    assert cache.output("0" * 64) is None
    (tmp_path / "outputs" / one).write_bytes(b"not packed")
    assert cache.output(one) is None


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "A" * 64, "0" * 64 + "/x"])
def test_an_id_names_nothing_outside(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        CheckCache(tmp_path).output(name)


def test_the_longest_unused_make_room(tmp_path: Path) -> None:
    cache = CheckCache(tmp_path, limit_bytes=50_000)
    names = []
    for number in range(20):
        names.append(cache.keep_output(os.urandom(4_000)))
        os.utime(tmp_path / "outputs" / names[-1], (number, number))
        cache.output(names[-1])
    kept = [name for name in names if cache.output(name) is not None]
    assert 0 < len(kept) < 20
    assert kept == names[-len(kept) :]
    assert sum(file.stat().st_size for file in tmp_path.rglob("*") if file.is_file()) <= 50_000
    assert not list(tmp_path.rglob(".new-*"))


def test_recent_durations_weigh_more(tmp_path: Path) -> None:
    cache = CheckCache(tmp_path)
    cache.record_duration("it", 10)
    cache.record_duration("it", 0)
    assert CheckCache(tmp_path).durations_s() == {"it": 7.0}
    (tmp_path / "durations.json").write_text("{")
    assert CheckCache(tmp_path).durations_s() == {}


def test_many_threads_may_keep_at_once(tmp_path: Path) -> None:
    cache = CheckCache(tmp_path, limit_bytes=20_000)

    def keep(number: int) -> None:
        cache.put(key(number % 10), PASSED)
        cache.keep_output(str(number).encode() * 500)
        cache.record_duration(f"c{number % 3}", number)
        kept = cache.get(key(number % 10), TREE)
        assert kept is None or kept.outcome is CheckOutcome.PASSED

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(keep, range(100)))
    assert set(CheckCache(tmp_path).durations_s()) == {"c0", "c1", "c2"}
