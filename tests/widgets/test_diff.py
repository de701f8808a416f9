"""The diff pane: files and hunks, both sides, comments that follow their code, marks that hold for one content."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from cockpit.changes.types import FileStat
from cockpit.protocol.types import ReviewFile
from cockpit.providers.text import clean
from tests.providers.corpus import HOSTILE
from tests.widgets.diffs import DIFF, FILES, LOCK, LOGIN, LOGO, TESTS, Workspace
from tests.widgets.harness import PaneApp, all_rows, screen_of, settled, until
from widgets import diff_state
from widgets.diff import DiffPane
from widgets.diff_place import place_of
from widgets.highlight import spans_of
from widgets.pane import Commented, Files, Pane
from widgets.sourceline import Span


def app_of(workspace: Workspace) -> tuple[PaneApp, DiffPane]:
    pane = DiffPane(workspace.supervisor)
    return PaneApp(pane, workspace.store), pane


def go_to(pane: DiffPane, text: str) -> None:
    pane.view.go(next(place for place, line in enumerate(pane.view.lines) if text in line.text))


def test_it_is_a_pane_with_files_and_comments() -> None:
    pane = DiffPane(Workspace().supervisor)
    assert isinstance(pane, Pane) and isinstance(pane, Files) and isinstance(pane, Commented)


async def test_it_shows_files_hunks_and_numbers() -> None:
    app, pane = app_of(Workspace())
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        rows = all_rows(pane.view)
        assert rows[0].startswith(" 4 files  +8 -2   0 of 4 reviewed")
        assert rows[1].startswith(" ▾ M src/login.py  ") and rows[1].endswith("  +4 -1")
        assert rows[2] == "  ┄ line 10  def login(request):"
        assert ' 13     -     target = urljoin(request.path, request.args.get("next"))' in rows
        assert "     14 +     target = redirect_target(request)" in rows
        assert any(row.startswith(" ▸ M uv.lock") and "generated" in row for row in rows)
        assert any(row.startswith(" ▸ M logo.png") and "binary" in row for row in rows)
        assert not any("version = 2" in row for row in rows)


async def test_both_sides_stand_beside_each_other() -> None:
    app, pane = app_of(Workspace())
    async with app.run_test(size=(160, 30)) as pilot:
        await settled(pilot)
        assert "wide enough for side by side" in all_rows(pane.view)[0]
        go_to(pane, "remember")
        await pilot.press("v")
        await settled(pilot)
        row = next(row for row in all_rows(pane.view) if "urljoin" in row)
        left, right = row.split("│")
        assert "- " in left and "+     # only paths of our own" in right
        assert "remember" in pane.view.lines[pane.view.cursor].text  # the cursor stays with its code
        assert [row.split()[:2] for row in screen_of(pane.files)[:2]] == [["·", "login.py"], ["·", "test_login.py"]]


async def test_keys_step_through_files_and_hunks() -> None:
    app, pane = app_of(Workspace())
    async with app.run_test(size=(80, 12)) as pilot:
        await settled(pilot)
        seen = []
        for step in (1, 1, -1, -1, -1):
            pane.step_file(step)
            seen.append(place_of(pane.view.cursor_line).path)
        assert seen == ["src/login.py", "tests/test_login.py", "src/login.py", "logo.png", "uv.lock"]
        await pilot.press("g", "J", "J")
        assert place_of(pane.view.cursor_line).number == 41
        await pilot.press("K")
        assert place_of(pane.view.cursor_line).number == 10


async def test_comments_are_gathered_and_sent_as_one() -> None:
    workspace = Workspace()
    app, pane = app_of(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        go_to(pane, "redirect_target")
        await pilot.press("c", *"why?", "enter")
        await settled(pilot)
        rows = all_rows(pane.view)
        at = next(place for place, row in enumerate(rows) if "redirect_target(request)" in row)
        assert rows[at + 1] == "      ┃ why?"
        go_to(pane, "urljoin")
        await pilot.press("c", *"was fine", "enter")
        await settled(pilot)
        assert "2 comments to send" in all_rows(pane.view)[0]
        await pilot.press("C")
        await pilot.pause()
        sent = app.written[0].comments
        assert [(c.path, c.side, c.line, c.text) for c in sent] == [
            ("src/login.py", "new", 14, "why?"),
            ("src/login.py", "old", 13, "was fine"),
        ]
        assert sent[0].snippet == "    target = redirect_target(request)"
        assert "2 comments to send" in all_rows(pane.view)[0]  # until they were sent
        pane.discard_comments(app.session)
        assert "comment" not in all_rows(pane.view)[0]


async def test_a_comment_can_be_changed_and_dropped() -> None:
    app, pane = app_of(Workspace())
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        go_to(pane, "redirect_target")
        await pilot.press("c", *"why", "enter")
        await settled(pilot)
        await pilot.press("c", "?", "enter")
        await settled(pilot)
        assert "      ┃ why?" in all_rows(pane.view)
        await pilot.press("backspace")
        assert not any("┃" in row for row in all_rows(pane.view))
        await pilot.press("c", *"no", "escape")
        await settled(pilot)
        assert not any("┃" in row for row in all_rows(pane.view))


async def test_cursor_and_comments_follow_their_code_when_the_agent_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_state, "DEBOUNCE_S", 0.0)
    workspace = Workspace()
    app, pane = app_of(workspace)
    async with app.run_test(size=(80, 12)) as pilot:
        await settled(pilot)
        go_to(pane, "redirect_target")
        await pilot.press("c", *"why?", "enter")
        await settled(pilot)
        row = screen_of(pane.view).index("     14 +     target = redirect_target(request)")
        moved = LOGIN.replace("@@ -10,6 +10,7 @@", "@@ -10,6 +12,9 @@").replace(
            "+    # only paths", "+    # first\n+    # second\n+    # only paths"
        )
        workspace.change(moved + TESTS)
        await until(pilot, lambda: any("# second" in line.text for line in pane.view.lines))
        rows = screen_of(pane.view)
        assert rows[row] == "     18 +     target = redirect_target(request)"
        assert rows[row + 1] == "      ┃ why?"
        assert place_of(pane.view.cursor_line).number == 18
        workspace.change(TESTS)
        await until(pilot, lambda: workspace.fetches == 3 and not any("# second" in x.text for x in pane.view.lines))
        workspace.change(LOGIN.replace("+    target = redirect_target(request)\n", "") + TESTS)
        await until(pilot, lambda: any("only paths" in line.text for line in pane.view.lines))
        assert "      ┃ its line is gone: target = redirect_target(request)" in all_rows(pane.view)


async def test_a_workspace_in_motion_is_asked_once_it_rests() -> None:
    workspace = Workspace()
    app, pane = app_of(workspace)
    async with app.run_test(size=(80, 12)) as pilot:
        await settled(pilot)
        for _ in range(5):
            workspace.change(TESTS)
            app.flush()
        assert workspace.fetches == 1
        await until(pilot, lambda: len([x for x in pane.view.lines if place_of(x).kind == "file"]) == 1)
        assert workspace.fetches == 2


async def test_a_reviewed_file_folds_and_is_passed_over_until_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diff_state, "DEBOUNCE_S", 0.0)
    workspace = Workspace()
    app, pane = app_of(workspace)
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        go_to(pane, "redirect_target")
        await pilot.press("m")
        await settled(pilot)
        sent = [c for c in workspace.supervisor.asked if isinstance(c, ReviewFile)]
        assert [(c.path, c.blob, c.is_reviewed) for c in sent] == [("src/login.py", "b1", True)]
        rows = all_rows(pane.view)
        assert "✓ reviewed" in rows[1] and not any("redirect_target" in row for row in rows)
        assert "1 of 4 reviewed" in rows[0]
        await pilot.press("g", "M")
        assert place_of(pane.view.cursor_line).path == "tests/test_login.py"
        workspace.change(LOGIN + TESTS.replace("/inbox", "/home") + LOCK + LOGO)
        await until(pilot, lambda: any("/home" in line.text for line in pane.view.lines))
        assert "✓ reviewed" in all_rows(pane.view)[1]  # another file changed
        files = (FileStat(path="src/login.py", added=4, removed=1, blob="b9"), *FILES[1:])
        workspace.change(LOGIN.replace("clear()", "flush()") + TESTS, files)
        await until(pilot, lambda: any("flush()" in line.text for line in pane.view.lines))
        assert "✓ reviewed" not in all_rows(pane.view)[1]


async def test_folded_files_open_with_enter() -> None:
    app, pane = app_of(Workspace())
    async with app.run_test(size=(80, 30)) as pilot:
        await settled(pilot)
        go_to(pane, "uv.lock")
        await pilot.press("enter")
        assert any("version = 2" in row for row in all_rows(pane.view))
        await pilot.press("o")
        assert not any("version = 2" in row for row in all_rows(pane.view))


async def test_code_is_coloured_only_where_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(lines: Sequence[str], name: str) -> list[list[Span]]:
        asked.append(len(lines))
        return spans_of(lines, name)

    monkeypatch.setattr("widgets.diff_rows.spans_of", counted)
    hunk = "".join(f"+value_{number} = {number}\n" for number in range(20_000))
    text = f"diff --git a/big.py b/big.py\n--- a/big.py\n+++ b/big.py\n@@ -0,0 +1,20000 @@\n{hunk}"
    workspace = Workspace(text, (FileStat(path="big.py", added=20_000, removed=0, blob="b"),))
    app, pane = app_of(workspace)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert len(pane.view.lines) == 20_003
        assert asked == [128]
        assert pane.view.drawn_rows < 40 * 6
        await pilot.press("G")
        await pilot.pause()
        assert asked == [128, 128, 20_000 % 128]


async def test_no_changes_and_no_supervisor_are_said() -> None:
    workspace = Workspace("", ())
    app, pane = app_of(workspace)
    async with app.run_test(size=(80, 12)) as pilot:
        await settled(pilot)
        assert all_rows(pane.view) == ["  no changes"]
        assert workspace.fetches == 0
        workspace.change(DIFF)
        await until(pilot, lambda: len(pane.view.lines) > 5)


async def test_nothing_hostile_gets_through_and_deceits_stand_out() -> None:
    texts = [text.replace("\n", " ") for text in HOSTILE.values()]
    body = "".join(f"+x = {text}\n-y = {text}\n" for text in texts)
    text = (
        f'diff --git "a/\\033[2J.py" "b/\\033[2J.py"\n--- /dev/null\n+++ "b/\\033[2J.py"\n@@ -1,9 +1,9 @@ {texts[0]}\n'
    )
    files = (FileStat(path="\x1b[2J.py", added=1, removed=1, blob="b"),)
    workspace = Workspace(text + body, files)
    app, pane = app_of(workspace)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        assert len(pane.view.lines) > len(texts) * 2
        go_to(pane, "x = ")
        await pilot.press("c", *"odd", "enter")
        await settled(pilot)
        for _ in range(2):
            rows = all_rows(pane.view) + screen_of(pane.files)
            assert not [row for row in rows if clean(row) != row or "\t" in row or "\n" in row]
            await pilot.press("v")
            await settled(pilot)
        badge = pane.view.palette["badge"]
        shady = next(line for line in pane.view.lines if "⟨U+202E⟩" in line.text)
        marked = [
            text for text, style in shady.parts(0, 116, pane.view.palette) if style == pane.view.palette["ink"] + badge
        ]
        assert "⟨U+202E⟩" in marked
        word = next(line for line in pane.view.lines if "аypal" in line.text)
        parts = word.parts(0, 116, pane.view.palette)
        assert any("аypal" in text and style.bold for text, style in parts)
