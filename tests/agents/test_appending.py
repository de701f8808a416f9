"""Records that survive a full disk."""

from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from agents.appending import append
from agents.native.conversation import Conversation, Human


def test_a_record_that_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    descriptor = os.open(tmp_path / "records", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        append(descriptor, b"first\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
        with pytest.raises(OSError, match="File too large"):
            append(descriptor, b"second, which is too long\n")
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        append(descriptor, b"third\n")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        os.close(descriptor)
    assert (tmp_path / "records").read_bytes() == b"first\nthird\n"


def test_a_conversation_that_met_a_full_disk_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "conversation.jsonl"
    talk = Conversation(path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    talk.add(Human(text="one"))
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 10, before[1]))
        with pytest.raises(OSError, match="File too large"):
            talk.add(Human(text="two"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    talk.add(Human(text="three"))
    talk.close()
    again = Conversation(path)
    again.close()
    assert [item.text for item in again.items if isinstance(item, Human)] == ["one", "three"]
