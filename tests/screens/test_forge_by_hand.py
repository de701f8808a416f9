"""The forge's screen where people write: examples, rules, how a rule is accepted. Nothing that was typed is lost."""

from __future__ import annotations

from pathlib import Path

from cockpit.protocol.types import ErrorInfo
from cockpit.rules.types import ExampleKind
from cockpit.rules.types.forging import ForgeView, Progress, Sample
from cockpit.screens.forge.screen import ForgeScreen
from tests.screens.pages import screen
from tests.screens.test_forge import BAD, GOOD, a_view, book, forge, placed

SAMPLES = (
    Sample(kind=ExampleKind.BAD, text=BAD.text, path="calls.py"),
    Sample(kind=ExampleKind.GOOD, text=GOOD.text, whose="fix"),
)


async def test_a_rule_is_accepted_as_the_person_chose(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        assert "enter: it blocks" in page.text
        await page.press("s")
        assert "enter: it warns" in page.text
        await page.press("s")
        assert "enter: it is only counted" in page.text
        await page.press("enter")
        await page.until(lambda: page.ended == ["no-timeout"])
        assert page.smith.named("get_rule_files")[-1].state == "shadow"
        assert page.forge.accepting.let_be == "; 1 place there now is let be"


async def test_what_is_too_broad_is_accepted_at_the_second_press_only(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        broad = book(1, "every call", in_tree=400, doubts=("400 hits in 900 lines: make it narrower",))
        page.smith.view = a_view(version=2, books=(broad,))
        await page.until(lambda: "every call" in page.text)
        assert "400 places in the checkout now: let be" in page.text
        await page.press("enter")
        await page.until(lambda: "enter again accepts it all the same" in page.text)
        assert not page.smith.named("accept_rule")
        await page.press("enter")
        await page.until(lambda: page.ended == ["no-timeout"])


async def test_an_engine_that_nothing_tries_is_accepted_at_the_second_press(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        untried = book(1, "make lint", is_untried=True, uncounted=("commits: a command is not run here",))
        untried = untried.model_copy(update={"verdicts": ()})
        page.smith.view = a_view(version=2, books=(untried,))
        await page.until(lambda: "not counted in commits: a command is not run here" in page.text)
        row = page.page.text(page.forge.table).split("\n")[1]
        assert row.split()[-4:] == ["tried", "0", "0", "?"]
        await page.press("enter")
        await page.until(lambda: "nothing here has tried it" in page.text)
        await page.press("enter")
        await page.until(lambda: page.ended == ["no-timeout"])


async def test_where_it_looks_is_shown_with_what_that_leaves_out(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        left_out = placed("checkout", "tests/x.py", 7, "requests.get(1)").model_copy(update={"is_outside": True})
        narrow = book(1, "get", scope=0, outside=1, hits=(left_out,))
        candidate = narrow.candidate.model_copy(update={"files": ("src/**",), "ignores": ("**/tests/**",)})
        narrow = narrow.model_copy(update={"candidate": candidate})
        page.smith.view = a_view(version=2, books=(narrow,), scopes=(("src/**",), ()))
        await page.until(lambda: "src/** but **/tests/**  (1 of 2" in page.text)
        assert "1 more where it does not look" in page.text
        assert "checkout, left out" in page.text
        await page.press("w")
        await page.until(lambda: bool(page.smith.named("set_scope")))


async def test_examples_are_shown_beside_added_mended_turned_and_removed(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        page.smith.view = a_view(version=2, examples=SAMPLES)
        await page.press("x")
        await page.until(lambda: "good, the fix" in page.text)
        await page.press("t")
        await page.until(lambda: len(page.smith.named("change_example")) == 1)
        await page.press("backspace")
        await page.until(lambda: len(page.smith.named("change_example")) == 2)
        await page.press("enter")
        assert page.forge.editor.text == BAD.text
        await page.press("down", "down", "end")
        await page.page.write("  # 漢字\x1b[31m")
        await page.press("escape")
        await page.until(lambda: len(page.smith.named("change_example")) == 3)
        await page.press("A")
        await page.page.write("requests.get(url,\r\n    timeout=9)")
        await page.press("ctrl+z", "ctrl+y", "escape")
        await page.until(lambda: len(page.smith.named("change_example")) == 4)
        turned, removed, mended, added = page.smith.named("change_example")
        assert (turned.do, turned.place, removed.do, removed.place) == ("switch", 0, "remove", 0)
        assert (mended.do, mended.place) == ("put", 0)
        assert mended.text.startswith(f"{BAD.text}  # 漢字")
        assert "\x1b" not in mended.text
        assert (added.place, added.kind, added.text) == (None, ExampleKind.GOOD, "requests.get(url,\n    timeout=9)")
        await page.press("escape")
        assert page.ended == []


async def test_a_refused_example_stays_in_the_editor(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        page.smith.refusals["change_example"] = ErrorInfo(what="This is a bad example already.")
        await page.press("x", "a")
        await page.page.write("same()")
        await page.press("escape")
        await page.until(lambda: "bad example already" in page.text)
        assert page.forge.editor.has_focus
        assert page.forge.editor.text == "same()"


async def test_the_wrong_line_says_beside_itself_what_is_wrong(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        page.smith.answers["judge_rule"] = {"candidate": 1, "problem": "is not YAML: [ is never closed", "line": 2}
        await page.press("e", "x")
        await page.until(lambda: page.forge.editor.wrong_line == 2)
        await page.page.pilot.pause()
        row = next(line for line in page.page.text(page.forge.editor).split("\n") if "language: python" in line)
        assert "◂ is not YAML: [ is never closed" in row
        page.smith.answers["judge_rule"] = {"candidate": 3, "problem": "", "line": None}
        await page.press("backspace")
        await page.until(lambda: page.forge.editor.wrong_line is None)
        assert "◂" not in page.text


async def test_what_the_gate_cannot_carry_out_is_marked_in_the_text_too(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        page.smith.answers["judge_rule"] = {"candidate": 1, "problem": "", "line": None}
        await page.press("e", "down", "end", "x")
        await page.until(lambda: bool(page.smith.named("judge_rule")))
        typed = page.smith.named("judge_rule")[-1].text
        own = book(1, "mine", source="person", problem="cannot read it: no variant of SgLang").model_copy(
            update={"text": typed}
        )
        page.smith.view = a_view(version=2, books=(own,))
        await page.until(lambda: page.forge.editor.wrong_line == 2)
        await page.page.pilot.pause()
        assert "language: pythonx  ◂ no such language" in page.text


async def test_half_a_rule_is_handed_over_at_once_and_gone_on_with(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        page.smith.answers["judge_rule"] = {"candidate": 1, "problem": "is not YAML", "line": 1}
        await page.press("e", "[", "escape")
        await page.until(lambda: "what you wrote is kept" in page.text)
        (typed,) = {one.text for one in page.smith.named("judge_rule")}
        assert typed.startswith("[id:")
        page.smith.view = a_view(version=2, draft=typed)
        await page.until(lambda: page.forge.view.draft == typed)
        await page.press("j", "e")
        assert page.forge.editor.text == typed
        await page.press("escape", "escape")
        await page.until(lambda: page.ended == [""])
        assert not page.smith.named("close_forge")[-1].is_done


async def test_without_a_candidate_it_says_what_to_do(tmp_path: Path) -> None:
    async with forge(tmp_path, (80, 24)) as page:
        empty = ForgeView(id="1", name="no-force", progress=Progress.JUDGED, advice="The policy decides.", version=2)
        page.smith.view = empty
        await page.until(lambda: "add a bad example" in page.text)
        assert "The policy decides." in page.text
        page.smith.answers["judge_rule"] = {"candidate": 1, "problem": "", "line": None}
        page.smith.answers["begin_rule"] = {"text": "id: no-force\nengine: regex\n"}
        await page.press("e")
        await page.page.write("reg")
        await page.press("enter")
        await page.until(lambda: page.forge.editor.has_focus)
        assert page.smith.named("begin_rule")[0].engine == "regex"
        assert page.forge.editor.text.startswith("id: no-force")


async def test_a_forge_that_went_away_is_opened_again(tmp_path: Path) -> None:
    async with forge(tmp_path) as page:
        page.smith.is_gone = True
        await page.until(lambda: "Opening it again" in page.text)
        page.smith.is_gone = False
        await page.until(lambda: len(page.smith.named("open_forge")) == 2 and page.forge.forge == "1")


async def test_drafts_are_in_the_palette_to_go_on_with_and_to_throw_away(tmp_path: Path) -> None:
    async with screen(tmp_path) as page:
        draft = {"id": "d1", "name": "no-bare-calls", "at": 1.0}
        page.supervisor.results["get_drafts"] = {"drafts": [draft]}
        page.supervisor.results["open_forge"] = {"forge": "1"}
        page.supervisor.results["follow_forge"] = a_view(is_draft=True).model_dump(mode="json")
        await page.press("ctrl+p")
        await page.write("no-bare")
        await page.until(lambda: "Throw away the draft of a rule: no-bare-calls" in page.text())
        await page.press("enter")
        await page.until(lambda: page.is_on(ForgeScreen))
        await page.until(lambda: "this is what you left here" in page.text())
        (opened,) = [one for one in page.supervisor.commands if one.cmd == "open_forge"]
        assert (opened.draft, opened.offences) == ("d1", ())
