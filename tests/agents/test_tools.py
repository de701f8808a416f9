from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from agents.native.instructions import agents_md
from agents.native.tools import patch
from agents.native.tools.base import ToolFailure
from agents.native.tools.editing import Edit, EditArguments
from agents.native.tools.files import Workspace
from agents.native.tools.reading import Read, ReadArguments
from agents.process import BoundedOutput, run_command
from agents.snapshot import changes, contents
from agents.wire import CommandLog, Wire
from cockpit.sessions.types import Send

Use = Callable[..., Awaitable[str]]


def _patch(*lines: str) -> str:
    return "\n".join((patch.BEGIN, *lines, patch.END))


def _apply(text: str, *lines: str) -> str:
    (change,) = patch.parse(_patch("*** Update File: f", *lines))
    assert isinstance(change, patch.UpdateFile)
    return patch.apply(change, text)


@pytest.fixture
def edit(tmp_path: Path) -> Iterator[Use]:
    root = tmp_path / "ws"
    root.mkdir()
    log = CommandLog(tmp_path / "log")
    log.close()
    sink = os.open(os.devnull, os.O_WRONLY)
    tool = Edit(Workspace(root), Wire(sink, log))

    async def use(*lines: str) -> str:
        return (await tool.use(EditArguments(patch=_patch(*lines)), "item")).output

    yield use
    os.close(sink)


def test_hunks_are_found_in_order_and_after_their_anchor() -> None:
    text = "def a():\n    return 1\n\ndef b():\n    return 1\n"
    assert _apply(text, "@@ def b():", "-    return 1", "+    return 2") == text[:-2] + "2\n"
    assert _apply(
        text, "@@", " def a():", "-    return 1", "+    return 3", "@@", "-    return 1", "+    return 4"
    ) == ("def a():\n    return 3\n\ndef b():\n    return 4\n")
    assert _apply("a\n", "@@", "+b") == "a\nb\n", "without context it is added at the end"
    assert _apply("x\ny\nx\n", "@@", "-x", "+z", "*** End of File") == "x\ny\nz\n"


def test_white_space_at_line_ends_and_dos_lines_do_not_matter() -> None:
    assert _apply("a  \nb\n", "@@", "-a", "+c") == "c\nb\n"
    assert _apply("a\r\nb\r\n", "@@", "-a", "+c") == "c\r\nb\r\n"
    assert _apply("a\x0cb\nc\n", "@@", "-c", "+d") == "a\x0cb\nd\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "begins with the line `*** Begin Patch`"),
        ("*** Begin Patch\n*** Add File: x\n+y", "may have been cut off"),
        (_patch("what"), "line 2: expected `*** Update File: path`"),
        (_patch("*** Add File: x", "y"), "line 3: every line of an added file begins with `+`"),
        (_patch("*** Update File: x", "@@", "?y"), "line 4: a line of a hunk begins with"),
        (_patch("*** Update File: x"), "x: the update has no hunk"),
        (_patch(), "the patch changes nothing"),
    ],
)
def test_a_wrong_patch_is_explained(text: str, message: str) -> None:
    with pytest.raises(ToolFailure) as caught:
        patch.parse(text)
    assert message in str(caught.value)


def test_a_hunk_that_is_not_found_shows_what_was_looked_for() -> None:
    with pytest.raises(ToolFailure, match=r"(?s)f, hunk 1: .*first line is at line 1.*\nb\n.*Read the file again"):
        _apply("a\nc\n", "@@", "-a", "-b", "+d")


async def test_a_patch_is_applied_whole_or_not_at_all(edit: Use, tmp_path: Path) -> None:
    root = tmp_path / "ws"
    (root / "a").write_text("1\n")
    (root / "a").chmod(0o755)
    (root / "b").write_text("1\n")
    with pytest.raises(ToolFailure, match="were not found"):
        await edit("*** Update File: a", "@@", "-1", "+2", "*** Update File: b", "@@", "-9", "+2")
    assert (root / "a").read_text() == "1\n"
    done = await edit(
        "*** Update File: a", "*** Move to: d/c", "@@", "-1", "+2", "*** Delete File: b", "*** Add File: e", "+new"
    )
    assert done == "added d/c\ndeleted a\ndeleted b\nadded e"
    assert sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()) == ["d/c", "e"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../out", "outside the workspace"),
        ("/etc/passwd", "outside the workspace"),
        ("link/x", "outside the workspace"),
        ("file-link", "outside the workspace"),
        ("a/../../x", "outside the workspace"),
        (".git/config", "belongs to git"),
        ("sub/.GIT/hooks/x", "belongs to git"),
        ("inner-git/config", "belongs to git"),
        ("nul\0", "relative to the workspace"),
        (".", "workspace itself"),
    ],
)
def test_no_path_leads_out_of_the_workspace(tmp_path: Path, path: str, message: str) -> None:
    root = tmp_path / "ws"
    (root / ".git").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path)
    (root / "file-link").symlink_to(tmp_path / "secret")
    (root / "inner-git").symlink_to(".git")
    with pytest.raises(ToolFailure, match=message):
        Workspace(root).locate_for_change(path)


def test_a_link_put_there_meanwhile_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    (root / "sub").mkdir(parents=True)
    workspace = Workspace(root)
    target = workspace.locate_for_change("sub/file")
    (root / "sub").rmdir()
    (root / "sub").symlink_to(tmp_path)
    with pytest.raises(ToolFailure, match="symbolic link"):
        workspace.write(target, b"x")
    (root / "pipe").touch()
    piped = workspace.locate("pipe")
    (root / "pipe").unlink()
    os.mkfifo(root / "pipe")
    with pytest.raises(ToolFailure, match="not a regular file"):
        workspace.read(piped)
    assert not (tmp_path / "file").exists()


async def test_reading_pages_and_lists(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("".join(f"line {n}\n" for n in range(1, 11)))
    (tmp_path / "sub").mkdir()
    (tmp_path / "bin").write_bytes(b"\0\1")
    read = Read(Workspace(tmp_path))
    page = (await read.use(ReadArguments(path="f", start=3, lines=2), "i")).output
    assert page == "3\tline 3\n4\tline 4\n[6 more lines; go on with start=5]"
    assert (await read.use(ReadArguments(path="."), "i")).output == "bin\nf\nsub/"
    with pytest.raises(ToolFailure, match="binary"):
        await read.use(ReadArguments(path="bin"), "i")
    with pytest.raises(ToolFailure, match="does not exist"):
        await read.use(ReadArguments(path="none"), "i")


def test_agents_md_files_are_read_from_the_root_down_and_capped(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "AGENTS.md").write_text("root " + "x" * 20_000)
    (tmp_path / "a/AGENTS.md").write_text("middle " + "y" * 20_000)
    (tmp_path / "a/b/AGENTS.md").write_text("not reached")
    found = agents_md(Workspace(tmp_path), tmp_path / "a/b")
    assert [text.splitlines()[0] for text in found] == [
        "# AGENTS.md (of the repository)",
        "# a/AGENTS.md (of the repository)",
    ]
    assert found[1].endswith("[cut]") and sum(map(len, found)) < 33_000


def test_output_keeps_head_and_tail() -> None:
    kept = BoundedOutput()
    for number in range(100_000):
        kept.add(b"%d\n" % number)
    text = kept.text()
    assert text.startswith("0\n1\n") and text.endswith("99999\n") and "bytes left out" in text and len(text) < 40_000


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"]}
    outcome = await run_command(["sleep", "100"], cwd=tmp_path, env=env, timeout_s=0.05)
    assert outcome.is_timed_out


def test_a_torn_command_was_never_taken(tmp_path: Path) -> None:
    path = tmp_path / "commands.jsonl"
    log = CommandLog(path)
    assert log.take(Send(id="1", text="a")) and not log.take(Send(id="1", text="a"))
    log.close()
    path.write_bytes(path.read_bytes() + b'{"id": "2", "op": "se')
    log = CommandLog(path)
    assert [command.id for command in log.commands] == ["1"]
    assert log.take(Send(id="2", text="b"))
    log.close()
    assert len(path.read_bytes().splitlines()) == 2


def test_what_changed_is_told_by_content(tmp_path: Path) -> None:
    for name in ("same", "changed", "gone"):
        (tmp_path / name).write_text("1")
    before = contents(tmp_path)
    (tmp_path / "same").write_text("1")
    (tmp_path / "changed").write_text("2")
    (tmp_path / "gone").unlink()
    (tmp_path / "new").write_text("1")
    assert changes(before, contents(tmp_path)) == {"changed": "modified", "gone": "deleted", "new": "added"}
