"""A small shop with a real test suite, and what the settings of every scenario have in common."""

from __future__ import annotations

import sys

FILES = {
    ".gitignore": "__pycache__/\n",
    "shop/__init__.py": "",
    "shop/cart.py": 'def total(cents: list[int]) -> int:\n    """Return the sum."""\n    return sum(cents)\n',
    "tests/__init__.py": "",
    "tests/test_cart.py": (
        "import unittest\n\nfrom shop import cart\n\n\n"
        "class CartTest(unittest.TestCase):\n"
        "    def test_total(self) -> None:\n        self.assertEqual(cart.total([1, 2]), 3)\n"
    ),
}
UNITTEST = f"""
[checks.tests]
command = ["{sys.executable}", "-m", "unittest", "-q"]
inputs = ["shop/**", "tests/**"]
parser = "regex"
pattern = '''(?s)^(?:FAIL|ERROR): (?P<code>\\w+) .*?File "[^"]*?(?P<path>(?:tests|shop)/[^"]+)", line (?P<line>\\d+).*?\
^(?P<message>\\w*(?:Error|Exception): [^\\n]*)'''
"""


def settings(script: str, *sections: str, agent: str = "", sessions: str = "max_parallel = 8") -> str:
    """Return a cockpit.toml whose agent follows a script; `sections` are further ones, such as checks."""
    head = f'default_agent = "scripted"\n[sessions]\n{sessions}\n'
    return head + f'[agents.scripted]\ndriver = "native"\nscript = "{script}"\n{agent}\n' + "\n".join(sections)


def marker_check(name: str = "marker", more: str = "") -> str:
    """Return a check that finds every line with FIXME: cheap, and easy to fail and to repair."""
    return f"""
[checks.{name}]
command = ["sh", "-c", "! grep -rn FIXME --include=*.txt --include=*.py ."]
inputs = ["**"]
parser = "regex"
pattern = '^\\./(?P<path>[^:\\n]+):(?P<line>\\d+):(?P<message>.*)$'
{more}
"""
