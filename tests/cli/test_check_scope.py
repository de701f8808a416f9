"""What `cockpit check` looks into: of all that a checkout can hold, and of every way in which it can have changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from cockpit.cli import FAILED, OK, USAGE, main
from cockpit.cli.checkout import Look
from cockpit.rules.runtime.sources import FILE_LIMIT_BYTES
from tests.providers.git_story import git, make_repository, write
from tests.rules.book import NO_EVAL

TODO = "id: todo\nengine: regex\nseverity: warning\nmessage: do it\nignores: ['.cockpit/**']\nregex: {pattern: TODO}\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_HOME", str(tmp_path / "home"))
    root = make_repository(tmp_path / "code")
    write(root, {".cockpit/rules/no-eval.yml": NO_EVAL, "old.py": "eval(x)\n", "src/a.py": "x = 1\n"})
    commit(root, "Begin with rules")
    return root


def commit(root: Path, message: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", message)


def report(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    main(["check", *words, "--format", "json", "-C", str(root)])
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert not said["problems"], said["problems"]
    return said


def places(root: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    return [f"{one['path']}:{one['line']}" for one in report(root, capsys, *words)["findings"]]


def test_staged_unstaged_new_renamed_and_deleted_files(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"staged.py": "eval(1)\n", "src/a.py": "eval(2)\n", "new folder/n.py": "eval(3)\n"})
    git(root, "add", "staged.py")
    git(root, "mv", "old.py", "renamed.py")
    assert places(root, capsys) == ["new folder/n.py:1", "renamed.py:1", "src/a.py:1", "staged.py:1"]
    (root / "staged.py").unlink()
    git(root, "rm", "-qf", "src/a.py")
    assert places(root, capsys) == ["new folder/n.py:1", "renamed.py:1"]


def test_ignored_files_are_nobodys(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {".gitignore": "build/\n", "build/x.py": "eval(1)\n", "y.py": "eval(1)\n"})
    assert places(root, capsys) == ["y.py:1"]
    assert places(root, capsys, "--all") == ["old.py:1", "y.py:1"]


def test_names_that_git_would_quote(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ["-c.py", "a b.py", 'q"uote.py', "übung.py", "new\nline.py", "[x].py", "*.py"]
    write(root, dict.fromkeys(names, "eval(x)\n"))
    told = [one["path"] for one in report(root, capsys)["findings"]]
    assert len(told) == len(names)
    assert {"-c.py", "a b.py", 'q"uote.py', "übung.py", "[x].py", "*.py"} <= set(told)


def test_a_name_that_is_no_utf_8(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = os.fsencode(root) + b"/\xff\xfe.py"
    try:
        Path(os.fsdecode(name)).write_text("eval(x)\n")
    except OSError:
        return  # this file system has no such names
    write(root, {".cockpit/invariants/todo.yml": TODO, "z.py": "eval(x)\n"})
    for form in ("text", "json", "sarif", "github"):
        assert main(["check", "--format", form, "-C", str(root)]) == FAILED, "nobody has looked at that file"
        said = capsys.readouterr().out
        assert "z.py" in said
        assert "no UTF-8" in said


def test_links_submodules_and_repositories_inside(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = make_repository(tmp_path / "other")
    write(other, {"bad.py": "eval(x)\n"})
    commit(other, "Bad")
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")
    make_repository(root / "nested")
    write(root / "nested", {"bad.py": "eval(x)\n"})
    (root / "link.py").symlink_to(root / "old.py")
    (root / "folder").symlink_to(other)
    (root / "dangling.py").symlink_to("nowhere")
    write(root, {"z.py": "eval(x)\n"})
    assert places(root, capsys) == ["z.py:1"]
    write(root / "sub", {"bad.py": "eval(x)\neval(y)\n"})
    assert places(root, capsys, "--all") == ["old.py:1", "z.py:1"]


def test_data_is_left_alone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {".cockpit/invariants/todo.yml": TODO, "big.py": "eval(x)  # TODO\n" * (FILE_LIMIT_BYTES // 16 + 1)})
    (root / "data.bin").write_bytes(b"\0TODO\n" * 100)
    (root / "latin.txt").write_bytes(b"caf\xe9 TODO\n")
    os.mkfifo(root / "pipe.py")
    assert places(root, capsys) == ["latin.txt:1"]


def test_line_ends_of_another_system(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    regex = "id: ends\nengine: regex\nmessage: no semicolon\nfiles: ['*.py']\nregex: {pattern: ';$'}\n"
    write(root, {".cockpit/invariants/ends.yml": regex, ".cockpit/invariants/todo.yml": TODO})
    (root / "dos.py").write_bytes(b"x = 1\r\neval(x)\r\ny = 2;\r\neval(y)  # ast-grep-ignore: no-eval\r\n# TODO\r\n")
    assert places(root, capsys) == ["dos.py:2", "dos.py:3", "dos.py:5"]
    main(["check", "--baseline", "-C", str(root)])
    (root / "dos.py").write_bytes((root / "dos.py").read_bytes().replace(b"\r\n", b"\n"))
    assert places(root, capsys) == [], "the same code with other line ends is known"


def test_before_the_first_commit(tmp_path: Path, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    git(fresh, "init", "-q")
    write(fresh, {".cockpit/rules/no-eval.yml": NO_EVAL, "a.py": "eval(x)\n"})
    assert places(fresh, capsys) == ["a.py:1"]


def test_a_base_counts_what_was_committed_since_and_what_was_not(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    git(root, "checkout", "-qb", "work")
    write(root, {"mine.py": "eval(1)\n", "gone.py": "eval(1)\n"})
    commit(root, "Mine")
    git(root, "rm", "-q", "gone.py")
    commit(root, "Gone again")
    git(root, "checkout", "-q", "main")
    write(root, {"theirs.py": "eval(1)\n"})
    commit(root, "Theirs")
    git(root, "checkout", "-q", "work")
    write(root, {"late.py": "eval(1)\n"})
    assert places(root, capsys, "--base", "main") == ["late.py:1", "mine.py:1"]
    write(root, {"cockpit.toml": '[rules]\nbase = "main"\n'})
    assert places(root, capsys) == ["late.py:1", "mine.py:1"]
    assert places(root, capsys, "--base", "HEAD") == ["late.py:1"]


def test_a_rule_that_the_change_touches_is_held_against_every_file(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert places(root, capsys) == []
    write(root, {".cockpit/rules/no-eval.yml": NO_EVAL.replace("eval runs", "never, eval runs")})
    assert places(root, capsys) == ["old.py:1"]
    commit(root, "Sharper")
    assert places(root, capsys) == []
    write(root, {".cockpit/invariants/todo.yml": TODO, "src/a.py": "# TODO\n"})
    assert places(root, capsys) == ["src/a.py:1"]
    write(root, {".cockpit/utils/e.yml": "id: e\nlanguage: python\nrule: {pattern: eval($X)}\n"})
    assert places(root, capsys) == ["old.py:1", "src/a.py:1"]


def test_known_rules_and_files_say_the_same_again(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = "id: layers\nengine: layers\nmessage: wrong way\nlayers: {domains: [shop]}\n"
    write(
        root,
        {
            ".cockpit/invariants/todo.yml": TODO + "metadata: {since: 2020-01-01, why: later}\n",
            ".cockpit/invariants/layers.yml": layers,
            "shop/types.py": "import shop.service\nimport shop.repo  # ast-grep-ignore: layers\n",
            "shop/service.py": "eval(x)  # TODO\n",
            "shop/repo.py": "y = 1  # ast-grep-ignore: todo\n",
        },
    )
    first, *others = (report(root, capsys) for _again in range(3))
    for one in (first, *others):
        del one["duration_s"]
    assert first["findings"]
    assert others == [first, first]


def test_a_rule_changed_after_it_was_read_counts_as_changed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"new.py": "eval(x)\nexec(x)\n"})
    assert places(root, capsys) == ["new.py:1"]
    write(root, {".cockpit/rules/no-eval.yml": NO_EVAL.replace("eval($CODE)", "exec($CODE)")})
    assert places(root, capsys) == ["new.py:2"]
    write(root, {".cockpit/rules/no-eval.yml": NO_EVAL})
    assert places(root, capsys) == ["new.py:1"]


def test_what_was_kept_of_rules_may_be_damaged(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"new.py": "eval(x)\n"})
    assert places(root, capsys) == ["new.py:1"]
    (kept,) = (tmp_path / "home").rglob("rules/read/*.json")
    head, body = kept.read_text().split("\n", 1)
    for damage in (
        "",
        "{",
        f"{head}\n{{}}",
        f"{head}\n{body[:-9]}",
        f"[]\n{body}",
        '{"digest": 3, "project": []}\n' + body,
    ):
        kept.write_text(damage)
        write(root, {"new.py": f"eval(x)  # {len(damage)}\n"})
        assert places(root, capsys) == ["new.py:1"]


def test_a_wrong_rule_stays_wrong_when_it_is_known(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    half = "id: half\nlanguage: python\nrule: {any: [{pattern: 'print('}, {pattern: 'exec($X)'}]}\n"
    write(root, {".cockpit/rules/half.yml": half, "new.py": "print(1)\n"})
    for _again in range(2):
        assert main(["check", "-C", str(root)]) == FAILED
        assert "the pattern 'print(' is no whole piece of python" in capsys.readouterr().out


def test_the_baseline_follows_code_and_forgets_what_is_gone(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"src/b.py": "eval(b)\n", ".cockpit/invariants/todo.yml": TODO, "c.md": "TODO\n"})
    assert main(["check", "--baseline", "-C", str(root)]) == OK
    commit(root, "Keep what is old")
    git(root, "mv", "src/b.py", "src/c.py")
    write(root, {"old.py": "import os\n\n\nif os:\n    eval(x)\n"})
    told = report(root, capsys)
    assert (told["findings"], told["known_before"], told["notes"]) == ([], 2, [])
    write(root, {"old.py": "import os\n", "src/c.py": "eval(b)\neval(b)\n"})
    told = report(root, capsys)
    assert [one["path"] for one in told["findings"]] == ["src/c.py"]
    assert ["no-eval in old.py" in note for note in told["notes"]] == [True]
    assert main(["check", "--baseline", "-C", str(root)]) == OK
    kept = json.loads((root / ".cockpit/baseline.json").read_text())["known"]
    assert [(one["rule"], one["path"], one.get("count", 1)) for one in kept] == [
        ("no-eval", "src/c.py", 2),
        ("todo", "c.md", 1),
    ]
    assert report(root, capsys, "--all")["notes"] == []
    write(root, {".cockpit/invariants/todo.yml": TODO + "metadata: {state: retired}\n"})
    assert report(root, capsys, "--all")["notes"] == [], "of a rule that does not run nothing is known"


def test_comments_for_rules_that_did_not_run_are_let_be(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(
        root,
        {
            ".cockpit/invariants/todo.yml": TODO + "metadata: {state: retired}\n",
            ".cockpit/invariants/off.yml": TODO.replace("id: todo", "id: quiet").replace("warning", "off"),
            ".cockpit/invariants/run.yml": "id: run\nengine: command\ncommand: {run: ['true']}\n",
            "a.py": "a = 1  # ast-grep-ignore: todo\nb = 1  # ast-grep-ignore: quiet, run\n",
            "c.py": "c = 1  # ast-grep-ignore: E501\n",
            "b.py": "d = 1  # ast-grep-ignore: no-eval\n",
        },
    )
    assert places(root, capsys, "--rules-only") == ["b.py:1"]


def test_ast_grep_begins_before_the_rules_are_looked_at(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"new.py": "eval(x)\n"})
    assert places(root, capsys) == ["new.py:1"]

    def late(*_arguments: object, **_named: object) -> None:
        raise AssertionError("ast-grep was begun again")

    monkeypatch.setattr("cockpit.rules.runtime.ast_grep.Begun", late)
    write(root, {"new.py": "\neval(x)\n", "src/a.py": "eval(y)\n", "f.txt": "\n"})
    assert places(root, capsys) == ["new.py:2", "src/a.py:1"]
    assert places(root, capsys) == ["new.py:2", "src/a.py:1"], "and is not begun at all when everything is known"


def test_wrong_settings_are_told_while_git_still_looks(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(root, {"cockpit.toml": "[rules]\nbase = 3\n"})
    assert main(["check", "-C", str(root)]) == USAGE
    assert "cockpit.toml" in capsys.readouterr().err
    write(root, {"cockpit.toml": "[rules"})
    assert main(["check", "-C", str(root)]) == USAGE
    (root / "cockpit.toml").write_text('[rules]\nbase = "no-such"\n')
    assert main(["check", "-C", str(root)]) == USAGE
    assert "cannot compare with no-such" in capsys.readouterr().err


def test_git_is_ended_when_something_else_goes_wrong(root: Path) -> None:
    with pytest.raises(RuntimeError, match="stop"), Look(root, base="HEAD") as look:
        raise RuntimeError("stop")
    assert look._listed._process.returncode is not None
    assert look._status is not None
    assert look._status._process.returncode is not None
