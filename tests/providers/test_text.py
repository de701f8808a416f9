from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.providers.text import clean, clean_line, confusable, show_escaped
from tests.providers.corpus import HOSTILE

HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufe00-\ufe0f\u00ad\u3164\U000e0000-\U000e0fff]"
)
NASTY = st.text(
    st.one_of(
        st.sampled_from("\x1b\x1b\x9b\x9d\x90\x9c\x07\\[]P_^X0;m?\r\n\t \u202e\u200d\ufe0f\u0301⟨⟩😀a"),
        st.characters(exclude_categories=()),
    ),
    max_size=60,
)


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_of_the_corpus_can_drive_a_terminal(name: str) -> None:
    for shown in (clean(HOSTILE[name]), clean_line(HOSTILE[name]), show_escaped(HOSTILE[name])):
        assert HARMFUL.search(shown) is None
        shown.encode()


@given(NASTY)
def test_cleaning_leaves_nothing_harmful_and_is_idempotent(text: str) -> None:
    cleaned = clean(text)
    assert HARMFUL.search(cleaned) is None
    assert clean(cleaned) == cleaned
    line = clean_line(text)
    assert HARMFUL.search(line) is None
    assert not set(line) & {"\n", "\t"}


def unescape(shown: str) -> str:
    names = {"ESC": "\x1b", "TAB": "\t", "CR": "\r", "NUL": "\0", "BS": "\b", "BEL": "\a", "DEL": "\x7f"}

    def one(found: re.Match[str]) -> str:
        if found.group(1):
            return "\n" * int(found.group(1))
        if found.group(2):
            return " " * int(found.group(2))
        return names.get(found.group(3)) or chr(int(found.group(3)[2:], 16))

    return re.sub(r"\n⟨(\d+) newlines⟩\n|⟨(\d+) spaces⟩|⟨([^⟩]*)⟩", one, shown)


@given(st.one_of(NASTY, st.text(st.sampled_from(" \n⟨⟩a"), max_size=200)))
def test_what_is_approved_can_be_told_from_everything_else(text: str) -> None:
    shown = show_escaped(text)
    assert HARMFUL.search(shown) is None
    assert "\t" not in shown
    assert unescape(shown) == text


def test_plain_text_is_left_alone() -> None:
    for text in ("", "hello\n\tworld", "naïve café — 日本語 ✔ 😀 \ue0b0", "한국어 עברית العربية हिन्दी"):
        assert clean(text) == text


def test_what_a_cleaned_text_looks_like() -> None:
    assert clean("\x1b[31mred\x1b[0m\r\n") == "red\n"
    assert clean("a\rb") == "a␍b"
    assert clean("a\u202eb") == "a⟨U+202E⟩b"
    assert clean("\x1b]0;never closed\nvisible") == "0;never closed\nvisible"
    assert clean("⚠\ufe0f 👩\u200d💻") == "⚠ 👩💻"
    assert clean("x\ufe0f") == "x⟨U+FE0F⟩"
    assert clean_line("a\n\tb\n") == "a     b".replace("a     ", "a   ")
    assert show_escaped("rm -rf ~" + " " * 40 + "# \x1b[8m") == "rm -rf ~⟨40 spaces⟩# ⟨ESC⟩[8m"


def test_lookalikes_are_found_in_mixed_words_only() -> None:
    assert confusable("login to p\u0430ypal now") == ("p\u0430ypal",)
    assert confusable("Привет, мир; 5 μs; Δt; 日本語 code") == ()
    assert confusable("plain") == ()


def test_hostile_length_costs_linear_time() -> None:
    started = time.process_time()
    for text in (
        "\x1b]" * 60_000,
        "\x9d" * 60_000,
        "\x1b[" + "0" * 120_000,
        "\x1b]" + "a" * 120_000,
        "\x1b[0" * 33_333,
    ):
        assert "\x1b" not in clean(text)
    words = "a" * 20_000 + "\u0430"
    assert confusable(words)
    assert time.process_time() - started < 10
