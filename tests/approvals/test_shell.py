"""What is read as plain words is exactly what a real shell makes of it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cockpit.approvals.service.shell import Form, read_shell

PIECES = st.sampled_from(
    [
        *(
            "a",
            "B",
            "0",
            "1",
            "2",
            "src/x.py",
            "-v",
            "--all",
            "x=1",
            "a:b",
            "%",
            "+",
            "@",
            ",",
            ".",
            "..",
            "~",
            "a~",
            "x:~",
        ),
        *(
            "'",
            '"',
            "'q r'",
            '"q r"',
            "''",
            '""',
            "'$x'",
            '"`"',
            "\\",
            "\\ ",
            "$x",
            "${x}",
            "$(id)",
            "`id`",
            "$'a'",
            '$"a"',
        ),
        *(
            "*",
            "?",
            "[a]",
            "[!a]",
            "{a,b}",
            "{1..3}",
            "(",
            ")",
            "!",
            "#",
            "^",
            "=",
            "&",
            "|",
            ";",
            "<",
            ">",
            ">>",
            "2>",
            "2>&1",
        ),
        *(
            " ",
            " ",
            " ",
            " ",
            "\t",
            ">/dev/null",
            " 2>/dev/null ",
            " >&2",
            "&>/dev/null",
            "1>&2",
            "<<<",
            "<(",
            "\n",
            "é",
            "\u200b",
        ),
    ]
)
SHELL = "args() { printf '%s\\0' $# \"$@\" >&3; printf '\\1' >&3; }\n"


@pytest.mark.parametrize("program", ["bash", "sh"])
@settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],  # a whole list of texts is told at once, and shrinking it takes long
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(bodies=st.lists(st.lists(PIECES, max_size=6).map("".join), min_size=40, max_size=80))
def test_plain_words_are_what_a_shell_makes_of_them(tmp_path: Path, program: str, bodies: list[str]) -> None:
    texts = [f"args {body}" for body in bodies]
    read = [(text, read_shell(text)) for text in texts]
    plain = [
        (text, found.parts[0].words[1:]) for text, found in read if found.form is Form.PLAIN and len(found.parts) == 1
    ]
    found_program = shutil.which(program)
    assert found_program
    (tmp_path / "a").touch()
    script = SHELL + "".join(f"{text.strip()}\n" for text, _ in plain)
    (tmp_path / "script").write_text(f"exec 3>told\n{script}")
    done = subprocess.run(
        [found_program, "script"], cwd=tmp_path, capture_output=True, check=False, env={"PATH": "/bin"}
    )
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "told").read_text().split("\1")[:-1]
    assert [tuple(words.split("\0")[1:-1]) for words in told] == [words for _, words in plain]


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("ls -la", Form.PLAIN),
        ("git show HEAD~2", Form.PLAIN),
        ("ls *", Form.EXACT),
        ("echo x > a", Form.EXACT),
        ("A=b ls", Form.EXACT),
        ("ls ~", Form.EXACT),
        ("ls &>/dev/null", Form.OPAQUE),  # a shell by another name runs it in the background
        ("echo $x", Form.OPAQUE),
        ("", Form.OPAQUE),
        ("ls &&", Form.OPAQUE),
        ("&& ls", Form.OPAQUE),
        ("ls >", Form.OPAQUE),
        ("x" * 9_000, Form.OPAQUE),
    ],
)
def test_how_well_a_text_is_understood(text: str, form: Form) -> None:
    assert read_shell(text).form is form
    assert read_shell(text).why or form is Form.PLAIN
