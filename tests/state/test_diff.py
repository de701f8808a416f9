"""Reading diffs: real ones, hostile ones, large ones."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cockpit.sessions.types import LineComment
from cockpit.state.diff import FileDiff, Hunk, anchor, parse_diff, side_by_side
from tests.providers.git_story import git, make_repository, write

SMALL = """\
diff --git a/f.py b/f.py
index 1111111..2222222 100644
--- a/f.py
+++ b/f.py
@@ -1,4 +1,5 @@ def greet():
 one
-two
-three
+TWO
+THREE
+four
 five
"""


def shown(hunk: Hunk) -> list[str]:
    return [f"{line.sign}{line.text}" for line in hunk.lines]


def test_a_hunk_knows_its_place_and_the_numbers_of_its_lines() -> None:
    (file,) = parse_diff(SMALL)
    (hunk,) = file.hunks
    assert (file.path, file.old_path, file.status, file.is_binary) == ("f.py", "f.py", "M", False)
    assert (hunk.header, hunk.old_start, hunk.new_start) == ("def greet():", 1, 1)
    assert [(line.old_no, line.new_no) for line in hunk.lines] == [
        *((1, 1), (2, None), (3, None), (None, 2), (None, 3), (None, 4), (4, 5))
    ]


def test_side_by_side_pairs_removed_with_added_lines() -> None:
    ((hunk,),) = (file.hunks for file in parse_diff(SMALL))
    pairs = [(left and left.text, right and right.text) for left, right in side_by_side(hunk)]
    assert pairs == [("one", "one"), ("two", "TWO"), ("three", "THREE"), (None, "four"), ("five", "five")]


def test_side_by_side_keeps_every_line_once_and_blocks_apart() -> None:
    hunk = Hunk("", 1, 1, "-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n-c\n+d\n x")
    pairs = [(left and left.text, right and right.text) for left, right in side_by_side(hunk)]
    note = "No newline at end of file"
    assert pairs == [("a", "b"), (note, note), ("c", "d"), ("x", "x")]


def test_what_real_git_writes_about_every_kind_of_change(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r")
    (root / "data.bin").write_bytes(b"\0\1\2")
    write(root, {"old name.txt": "same\n" * 9, "gone.txt": "x\n", "run.sh": "x\n", "link": "x\n", "ä.txt": "1\n"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "before")
    (root / "old name.txt").rename(root / "new name.txt")
    (root / "gone.txt").unlink()
    (root / "run.sh").chmod(0o755)
    (root / "link").unlink()
    (root / "link").symlink_to("elsewhere")
    (root / "data.bin").write_bytes(b"\0\3")
    write(
        root, {"ä.txt": "2", "with blank.txt": "--- a/fake\n+++ b/fake\n@@ -1 +1 @@\ndiff --git a/x b/x\n", "empty": ""}
    )
    (root / 'quo"te\t.txt').write_text("q\r\nr\x0cs\u2028t\n")
    git(root, "add", "-A")
    git(root, "diff", "--cached", "-M", "--output=../diff")
    files = {file.path: file for file in parse_diff((tmp_path / "diff").read_bytes().decode())}

    assert {path: file.status for path, file in files.items() if path != "link"} == {
        "new name.txt": "R",
        "gone.txt": "D",
        "run.sh": "M",
        "data.bin": "M",
        "ä.txt": "M",
        "with blank.txt": "A",
        "empty": "A",
        'quo"te\t.txt': "A",
    }
    assert files["new name.txt"].old_path == "old name.txt"
    assert files["data.bin"].is_binary
    assert "link" in files
    assert shown(files["with blank.txt"].hunks[0])[0] == "+--- a/fake"
    assert len(files["with blank.txt"].hunks) == 1
    assert shown(files["ä.txt"].hunks[0]) == ["-1", "+2", "\\No newline at end of file"]
    assert shown(files['quo"te\t.txt'].hunks[0]) == ["+q\r", "+r\x0cs\u2028t"]


def test_a_diff_that_was_cut_short_shows_what_is_there() -> None:
    (file,) = parse_diff(SMALL[:110] + "\n[cut here: the diff is larger than 110 bytes]\n")
    assert shown(file.hunks[0])[-1] == "\\[cut here: the diff is larger than 110 bytes]"


@given(st.text(alphabet=st.sampled_from(list('@+- \\"\nab/\t\r013,')), max_size=300))
def test_no_text_breaks_the_reader(noise: str) -> None:
    for text in (noise, SMALL + noise, "diff --git " + noise, f'diff --git "{noise}'):
        for file in parse_diff(text):
            for hunk in file.hunks:
                pairs = side_by_side(hunk)
                assert {line for pair in pairs for line in pair if line} == set(hunk.lines)


@given(st.lists(st.sampled_from("ab "), max_size=12), st.lists(st.sampled_from("ab "), max_size=12))
def test_the_lines_of_a_hunk_are_the_lines_of_both_files(old: list[str], new: list[str]) -> None:
    body = "\n".join([*(f"-{text}" for text in old), *(f"+{text}" for text in new), " end"])
    lines = Hunk("", 1, 1, body).lines
    assert [line.text for line in lines if line.old_no] == [*old, "end"]
    assert [line.text for line in lines if line.new_no] == [*new, "end"]
    assert lines[-1][1:3] == (len(old) + 1, len(new) + 1)


def diff_of(*lines: str, start: int = 1) -> list[FileDiff]:
    return [FileDiff("f.py", "f.py", "M", is_binary=False, body=f"@@ -{start} +{start} @@\n" + "\n".join(lines) + "\n")]


def test_a_comment_follows_its_line_and_is_lost_with_it() -> None:
    comment = LineComment(path="f.py", line=2, text="why?", snippet="    return 1")
    assert anchor(comment, diff_of(" def f():", "+    return 1")) == 2
    assert anchor(comment, diff_of("+import os", "+", " def f():", "+    return 1")) == 4
    assert anchor(comment, diff_of("+    return 1", " x", " x", "+    return 1")) == 1, "the nearest"
    assert anchor(comment, diff_of(" if x:", "+        return 1")) == 2, "indented since"
    assert anchor(comment, diff_of("+return 2")) is None
    assert anchor(comment.model_copy(update={"path": "other.py"}), diff_of("+    return 1")) is None
    assert anchor(comment.model_copy(update={"side": "old"}), diff_of("+    return 1")) is None
    assert anchor(comment.model_copy(update={"side": "old"}), diff_of("-    return 1", start=7)) == 7
    assert anchor(LineComment(path="f.py", line=1, text="hm"), diff_of("+x")) == 1
    assert anchor(LineComment(path="f.py", line=9, text="hm"), diff_of("+x")) is None


def test_a_large_diff_is_read_file_by_file() -> None:
    text = "".join(SMALL.replace("f.py", f"f{n}.py") for n in range(2000))
    files = parse_diff(text)
    assert len(files) == 2000
    assert not any("hunks" in vars(file) for file in files), "no hunk is read before somebody looks"
    assert files[1999].hunks[0].lines[0].text == "one"
    assert sum("hunks" in vars(file) for file in files) == 1
