"""The policy as two files write it: lines of both count, and each stays known as whose it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cockpit.approvals.types import Answerer, Section
from cockpit.config import ConfigError, load
from cockpit.config.load import parse, verify
from cockpit.supervisor.approvals import policy_of


def test_lines_of_both_files_count_and_are_known_as_whose_they_are(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        '[policy]\ncommands = ["ls *", "make *"]\nhosts = ["docs.example"]\n[policy.deny]\ncommands = ["git push"]\n'
    )
    (tmp_path / "cockpit.toml").write_text(
        '[policy]\ncommands = ["make *"]\n[policy.deny]\ncommands = ["git stash"]\nedits = ["migrations/**"]\n'
    )
    policy = policy_of(load(tmp_path, tmp_path / "mine.toml").policy)
    assert {(line.section, line.text, line.by) for line in policy.allow} == {
        (Section.COMMANDS, "ls *", Answerer.USER),
        (Section.COMMANDS, "make *", Answerer.REPOSITORY),
        (Section.HOSTS, "docs.example", Answerer.USER),
    }
    assert {(line.text, line.by) for line in policy.deny} == {
        ("git push", Answerer.USER),
        ("git stash", Answerer.REPOSITORY),
        ("migrations/**", Answerer.REPOSITORY),
    }


def test_a_line_that_changes_hands_is_a_change(tmp_path: Path) -> None:
    mine, ours = tmp_path / "mine.toml", tmp_path / "cockpit.toml"
    mine.write_text('[policy]\ncommands = ["ls *"]\n')
    before = load(tmp_path, mine)
    ours.write_text('[policy]\ncommands = ["ls *"]\n')
    assert load(tmp_path, mine).policy != before.policy
    assert load(tmp_path, mine).policy == load(tmp_path, mine).policy


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('[policy]\nallow = ["ls"]\n', "policy.allow: is not an option"),
        ('[policy]\ncommands = [" "]\n', "is empty"),
        ('[policy]\ncommands = ["ls\\u202e"]\n', "cannot be seen"),
        ('[policy]\nedits = ["!src/**"]\n', "policy.deny"),
        ('[policy.approver]\nagent = "x"\ntimeout_s = 0\n', "greater than 0"),
    ],
)
def test_a_line_that_nobody_can_read_is_no_line(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text)
    assert why in str(raised.value)


def test_a_file_is_looked_at_before_it_is_written(tmp_path: Path) -> None:
    verify(
        tmp_path / "cockpit.toml", 'default_agent = "of-the-other-file"\n[policy]\ntools = ["a/b"]\n', is_personal=False
    )
    with pytest.raises(ValueError, match="is not an option"):
        verify(tmp_path / "cockpit.toml", "[policy]\nnonsense = 1\n", is_personal=False)
    with pytest.raises(ValueError, match="belongs in the repository"):
        verify(tmp_path / "config.toml", "[merge]\ntarget = 'main'\n", is_personal=True)
    with pytest.raises(ValueError, match=r"config\.toml"):
        verify(tmp_path / "config.toml", "[merge\n", is_personal=True)
