"""The code that a finding is about, what became of it, and what is found again."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.rules.runtime.workshop import Workshop
from cockpit.rules.service.mistakes import MOST_LINES, SNIPPET_LIMIT, followed, text_of, window
from cockpit.rules.service.similar import Remembered, most_similar, stem

_CODE = """\
import requests

def fetch(url):
    answer = requests.get(url)
    return answer.json()

def other():
    return 1
"""
_FIXED = """\
import os
import requests

def fetch(url):
    try:
        answer = requests.get(url, timeout=5)
    except requests.Timeout:
        return None
    return answer.json()

def other():
    return 1
"""
CODE, FIXED = _CODE.split("\n"), _FIXED.split("\n")


def test_a_finding_is_shown_with_what_opens_its_block() -> None:
    assert text_of(CODE, window(CODE, 4)) == "\n".join(CODE[2:5])
    assert text_of(CODE, window(CODE, 8)) == "def other():\n    return 1"
    assert text_of(CODE, window(CODE, 0)) == text_of(CODE, window(CODE, 99)) == ""


def test_a_long_block_is_cut_to_what_is_next_to_the_finding() -> None:
    lines = ["def f():", *(f"    line{number} = '{'x' * 200}'" for number in range(60))]
    place = window(lines, 40)
    assert 39 in place
    assert len(place) <= MOST_LINES
    assert len(text_of(lines, place)) <= SNIPPET_LIMIT


def test_the_same_place_is_found_in_the_next_tree() -> None:
    place = followed(CODE, FIXED, window(CODE, 4))
    assert text_of(FIXED, place) == "\n".join(FIXED[3:9])
    assert text_of(CODE[:6], followed(CODE, CODE[:6], window(CODE, 8))) in ("", "\n")
    assert not followed(CODE, [], window(CODE, 4))


LINES = st.lists(st.sampled_from(["a", "b", "    c", "", "d"]), max_size=12)


@given(LINES, LINES, st.integers(1, 12))
@settings(max_examples=200, deadline=None)
def test_a_place_stays_within_the_text(old: list[str], new: list[str], line: int) -> None:
    place = window(old, line)
    assert place.start >= 0
    assert place.stop <= len(old)
    assert (line - 1 in place) == (line <= len(old))
    there = followed(old, new, place)
    assert 0 <= there.start <= max(there.start, there.stop) <= len(new) or not there
    assert followed(old, old, place) == place


def test_words_of_one_stem_meet() -> None:
    assert stem("retries") == stem("retrying") == stem("retry")
    assert stem("logging") == stem("logged") == stem("log")
    assert stem("timeouts") == stem("timeout")


async def test_remarks_and_fixes_that_are_alike_come_first() -> None:
    fixes = [
        [("a.py", "x = requests.get(url)", "x = requests.get(url, timeout=5)")],
        [("b.py", "print(total)", "logger.info('total', extra={'total': total})")],
        [("c.ts", "fetch(url)", "fetch(url, { signal: AbortSignal.timeout(5) })")],
        [("d.py", "y = httpx.post(u, json=d)", "y = httpx.post(u, json=d, timeout=LIMIT)")],
        [("e.unknown", "some words", "other words")],
    ]
    async with Workshop() as workshop:
        learnt = [frozenset(one) for one in await workshop.call("fixes", {"fixes": fixes})]
    assert "+keyword timeout" in learnt[0] & learnt[3]
    assert {"-callee print", "+callee info"} <= learnt[1]
    assert "+word other" in learnt[4]
    earlier = [
        Remembered("timeout", "calls to others need a timeout", learnt[0]),
        Remembered("print", "use the logger instead of print", learnt[1]),
        Remembered("abort", "this may hang for ever", learnt[2]),
    ]
    by_text = most_similar(Remembered("", "you never time out calls: timeouts please"), earlier)
    assert by_text[0].id == "timeout"
    assert by_text[0].by_fix is None
    by_fix = most_similar(Remembered("", "again!", learnt[3]), earlier)
    assert by_fix[0].id == "timeout"
    assert most_similar(Remembered("", "anything"), []) == []
