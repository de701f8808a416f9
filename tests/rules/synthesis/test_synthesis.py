"""Rules made from offences and their fixes: each hits every offence, no fix, and what is meant elsewhere."""

from __future__ import annotations

import pytest

from cockpit.rules.service.synthesis import Proposal, UnreadableError, proposals
from cockpit.rules.service.synthesis.ranking import Seen, chosen
from cockpit.rules.service.synthesis.tree import matches, parse
from cockpit.rules.types.forge import Pair


def made(*pairs: tuple[str, str], language: str = "python", others: tuple[str, ...] = ()) -> list[Proposal]:
    return proposals([Pair(bad=bad, good=good) for bad, good in pairs], language, others=others)


def hits(one: Proposal, code: str, language: str = "python") -> bool:
    return bool(matches(parse(code, language), one.body))


TIMEOUT = (
    ("requests.get(url)", "requests.get(url, timeout=10)"),
    ("requests.post(url, json=body)", "requests.post(url, json=body, timeout=5)"),
)


@pytest.mark.parametrize(
    ("pairs", "meant", "fine", "language"),
    [
        (TIMEOUT, "requests.post(a, b, c)", "requests.get(a, b, timeout=t)", "python"),
        (TIMEOUT, "from requests import get\nget(u)", "from other import get\nget(u)", "python"),
        (TIMEOUT, "requests.get(u, params=f(timeout=3))", "requests.get(u, **options)", "python"),
        (
            [
                ('try:\n    a()\nexcept E:\n    log.error("x")', 'try:\n    a()\nexcept E:\n    log.exception("x")'),
                (
                    'try:\n    b()\nexcept F:\n    logger.error("y", 1)',
                    'try:\n    b()\nexcept F:\n    logger.exception("y", 1)',
                ),
            ],
            "try:\n    c()\nexcept (A, B) as e:\n    mylog.error(e)",
            "try:\n    c()\nexcept A:\n    view.error(e)",
            "python",
        ),
        (
            [
                ("f = open(p)", "with open(p) as f:\n    pass"),
                ("x = open(q).read()", "with open(q) as f:\n    x = f.read()"),
            ],
            "y = open(z, 'rb')",
            "with open(z) as g:\n    g.read()",
            "python",
        ),
        (
            [("a._one = 1", "a.one = 1"), ("b = c._two.d()", "b = c.two.d()")],
            "e = f._three",
            "e = self._three",
            "python",
        ),
        (
            [("const a = x as any;", "const a = parse(x);"), ("f(y.z as any);", "f(parse(y.z));")],
            "return g(h() as any);",
            "return g(h() as string);",
            "typescript",
        ),
        (
            [
                ("package p\nfunc f() {\n\tfmt.Println(x)\n}", "package p\nfunc f() {\n\tlog.Info(x)\n}"),
                ("package p\nfunc g() {\n\tfmt.Println(y, z)\n}", "package p\nfunc g() {\n\tlog.Info(y, z)\n}"),
            ],
            'package q\nfunc h() {\n\tif a {\n\t\tfmt.Println("b")\n\t}\n}',
            'package q\nfunc h() {\n\tlog.Println("b")\n}',
            "go",
        ),
        (
            [
                ("fn f() { let a = b.unwrap(); }", "fn f() { let a = b?; }"),
                ("fn g() { c().unwrap(); }", "fn g() { c()?; }"),
            ],
            "fn h() { d.e().unwrap() }",
            "fn h() { d.e().unwrap_or(1) }",
            "rust",
        ),
        (  # what is wrong with one operator is with its opposite
            [("a = b == True", "a = b"), ("if c.d == True:\n    e()", "if c.d:\n    e()")],
            "x = y != False",
            "x = y == z",
            "python",
        ),
        (
            [("if (a == b) { f(); }", "if (a === b) { f(); }"), ("c = x.y != z;", "c = x.y !== z;")],
            "while (g != h) { i(); }",
            "while (g !== h) { i(); }",
            "typescript",
        ),
        (  # a statement and the one before it, with a name in both
            [
                ("def f():\n    x = g()\n    return x", "def f():\n    return g()"),
                ("def h(a):\n    v = a + 1\n    return v", "def h(a):\n    return a + 1"),
            ],
            "def k():\n    other()\n    y = m(1)\n    return y",
            "def k():\n    y = m(1)\n    return z",
            "python",
        ),
        (  # a body that holds one statement only
            [
                ("if a:\n    f()\nelse:\n    if b:\n        g()", "if a:\n    f()\nelif b:\n    g()"),
                ("if x.y:\n    z = 1\nelse:\n    if w:\n        z = 2", "if x.y:\n    z = 1\nelif w:\n    z = 2"),
            ],
            "if p:\n    q()\nelse:\n    if r:\n        s()",
            "if p:\n    q()\nelse:\n    t()\n    if r:\n        s()",
            "python",
        ),
        (  # text that is put together is another thing than plain text
            [('setattr(a, "b", 1)', "a.b = 1"), ('setattr(c.d, "e", f)', "c.d.e = f")],
            'setattr(x, "y", z)',
            'setattr(x, f"_{y}", z)',
            "python",
        ),
        (  # the name of what an instance is of comes from around it
            [
                (
                    "class A(B):\n    def f(self):\n        super(A, self).f()",
                    "class A(B):\n    def f(self):\n        super().f()",
                ),
                (
                    "class C(D):\n    def g(self):\n        super(C, self).g(1)",
                    "class C(D):\n    def g(self):\n        super().g(1)",
                ),
            ],
            "class E(F):\n    def h(self, x):\n        super(E, self).k(x)",
            "class E(F):\n    def h(self, x):\n        super(G, self).h(x)",
            "python",
        ),
    ],
)
def test_one_of_the_first_hits_what_is_meant_and_leaves_the_rest(
    pairs: list[tuple[str, str]], meant: str, fine: str, language: str
) -> None:
    found = made(*pairs, language=language)
    assert any(hits(one, meant, language) and not hits(one, fine, language) for one in found[:8]), [
        (one.says, dict(one.body)) for one in found[:8]
    ]


def test_every_proposal_hits_every_offence_and_no_fix() -> None:
    for one in made(*TIMEOUT):
        assert all(hits(one, bad) and not hits(one, good) for bad, good in TIMEOUT)


def test_one_offence_is_enough_for_a_proposal() -> None:
    found = made(("x = json.loads(body)", "x = parse(body)"))
    assert any(hits(one, "return json.loads(other.thing)") for one in found[:3])


def test_an_offence_without_a_known_fix_is_generalised_with_the_others() -> None:
    found = proposals([Pair(bad="eval(a)", good="parse(a)"), Pair(bad="y = eval(b, c)")], "python")
    assert any(hits(one, "eval(z, 1, 2)") and not hits(one, "m.eval(z)") for one in found[:3])


def test_offences_without_a_common_pattern_give_a_rule_of_two() -> None:
    pairs = [Pair(bad="eval(a)", good="f(a)"), Pair(bad="b = x.y", good="b = x.z()"), Pair(bad="while True:\n    pass")]
    (best, *_) = proposals(pairs, "python")
    assert all(hits(best, pair.bad) for pair in pairs)
    assert not any(hits(best, pair.good) for pair in pairs)


def test_a_false_alarm_makes_it_narrower() -> None:
    pairs = (("d = load(a, x)", "d = parse(a)"), ("e = load(b)", "e = parse(b)"))
    assert any(hits(one, "g = load(c, safe=True)") for one in made(*pairs)[:3])
    narrower = made(*pairs, others=("f = load(q, safe=True)",))
    assert all(not hits(one, "g = load(c, safe=True)") for one in narrower[:3])
    assert all(hits(one, "h = load(c)") for one in narrower[:1])


def test_what_hits_the_same_places_is_shown_once() -> None:
    twins = [Proposal({"rule": {"kind": "a"}}, 3.0 - n, "f", str(n)) for n in range(3)]
    seen = [Seen(frozenset({1, 2})), Seen(frozenset({1, 2})), Seen(frozenset({1, 2, 3, 4}))]
    assert [one.says for one in chosen(twins, seen, 1000)][:2] == ["0", "2"]


def test_what_is_common_in_accepted_code_is_less_plausible() -> None:
    rare, common = (
        Proposal({"rule": {"kind": name}}, score, name, name) for name, score in (("rare", 1.0), ("common", 1.5))
    )
    seen = [Seen(frozenset({1})), Seen(frozenset(range(500)))]
    assert chosen([rare, common], seen, 1000)[0] is rare


@pytest.mark.parametrize("language", ["toml", "no-such", ""])
def test_an_unknown_language_is_refused_before_the_parser_panics(language: str) -> None:
    with pytest.raises(UnreadableError, match="no language"):
        made(("a", "b"), language=language)


@pytest.mark.parametrize("code", ["", "def (", "\x00", "'''", "🦊 = (", "x" * 5000])
def test_broken_code_makes_no_trouble(code: str) -> None:
    made((code, "pass"), (code, "pass"))
