from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from cockpit.rules.repo.reading import read_files, read_rules, typed_body
from cockpit.rules.service.layers import Edge, layer_hits
from cockpit.rules.types import Hit, Rule
from cockpit.rules.types.bodies import LayersBody
from tests import test_layers
from tests.rules.book import Book

ROOT = Path(__file__).parent.parent.parent

RULE = """\
id: layers
engine: layers
layers:
  domains: ["src/*"]
  order: [types, repo, service, ui]
  providers: ["src/providers/**"]
  without_providers: [types]
"""


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path).rule(RULE)


async def told(book: Book) -> set[tuple[str, int | None, str]]:
    scan = await book.scan()
    assert not scan.problems, scan.problems
    return {(hit.path, hit.line, hit.text) for hit in scan.hits}


async def test_python_of_any_checkout_whatever_is_installed_here(book: Book) -> None:
    book.write(
        {
            "src/cart/__init__.py": "",
            "src/cart/types.py": "from .service import total\n",
            "src/cart/service.py": "import asyncio\nfrom orders import repo, types\nfrom providers import clock\n",
            "src/orders/__init__.py": "",
            "src/orders/repo.py": "def read():\n    from cart.types import Cart\n",
            "src/orders/types.py": "from providers.clock import now\n",
            "src/providers/__init__.py": "",
            "src/providers/clock.py": "",
        }
    )
    assert await told(book) == {
        ("src/cart/types.py", 1, "src/cart/service.py"),
        ("src/cart/service.py", 2, "src/orders/repo.py"),
        ("src/orders/types.py", 1, "src/providers/clock.py"),
    }


async def test_a_half_written_file_is_judged_by_what_can_be_seen(book: Book) -> None:
    book.write(
        {
            "src/a/__init__.py": "",
            "src/a/types.py": "import a.ui\n",
            "src/a/ui.py": "",
            "src/a/repo.py": "from a import ui\n\ndef (\n",
        }
    )
    assert await told(book) == {("src/a/types.py", 1, "src/a/ui.py"), ("src/a/repo.py", 1, "src/a/ui.py")}


async def test_typescript_with_aliases_and_packages_of_the_repository(book: Book) -> None:
    book.write(
        {
            "tsconfig.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"@/*": ["src/*"],}}} // comment',
            "src/orders/package.json": '{"name": "@shop/orders"}',
            "src/orders/index.ts": "",
            "src/orders/repo.ts": "",
            "src/cart/types.ts": "import type { Page } from './ui/page.js'\nexport * from './service'\n",
            "src/cart/service/index.ts": "import x from '@/orders/repo'\nimport('@shop/orders/repo')\nimport 'p'\n",
            "src/cart/ui/page.tsx": "import { s } from '../service'\nconst t = require('../types')\n",
        }
    )
    assert await told(book) == {
        ("src/cart/types.ts", 1, "src/cart/ui/page.tsx"),
        ("src/cart/types.ts", 2, "src/cart/service/index.ts"),
        ("src/cart/service/index.ts", 1, "src/orders/repo.ts"),
        ("src/cart/service/index.ts", 2, "src/orders/repo.ts"),
    }


async def test_go_by_module_path(book: Book) -> None:
    book.write(
        {
            "go.mod": "module example.org/shop\n\ngo 1.22\n",
            "src/cart/types/cart.go": 'package types\n\nimport (\n "fmt"\n s "example.org/shop/src/cart/service"\n)\n',
            "src/cart/service/total.go": 'package service\n\nimport "example.org/shop/src/cart/types"\n',
        }
    )
    assert await told(book) == {("src/cart/types/cart.go", 5, "src/cart/service/")}


async def test_rust_with_trees_and_between_crates(book: Book) -> None:
    book.rule(RULE.replace('["src/*"]', '["cart/src", "orders/src"]'))
    book.write(
        {
            "cart/Cargo.toml": '[package]\nname = "my-cart"\n',
            "cart/src/lib.rs": "mod types;\nmod service;\npub mod ui;\n",
            "cart/src/types.rs": "use crate::{service::{self, total}, ui::page::Page as P};\nuse std::fmt;\n",
            "cart/src/service.rs": "use super::types::Cart;\n",
            "cart/src/ui/mod.rs": "",
            "cart/src/ui/page.rs": "use super::super::service::total;\n",
            "orders/Cargo.toml": '[package]\nname = "orders"\n',
            "orders/src/lib.rs": "",
            "orders/src/service.rs": "use my_cart::types::Cart;\npub use my_cart::service::total;\n",
        }
    )
    assert await told(book) == {
        ("cart/src/types.rs", 1, "cart/src/service.rs"),
        ("cart/src/types.rs", 1, "cart/src/ui/page.rs"),
        ("orders/src/service.rs", 2, "cart/src/service.rs"),
    }


async def test_java_with_static_members_and_whole_packages(book: Book) -> None:
    book.rule(RULE.replace('["src/*"]', '["src/main/java/org/shop/*"]'))
    top = "src/main/java/org/shop"
    book.write(
        {
            f"{top}/cart/types/Cart.java": "import java.util.List;\nimport org.shop.cart.service.Total;\n",
            f"{top}/cart/repo/Carts.java": "import static org.shop.cart.service.Total.of;\n",
            f"{top}/cart/service/Total.java": "import org.shop.cart.types.Cart;\nimport org.shop.cart.ui.*;\n",
            f"{top}/cart/ui/Page.java": "",
        }
    )
    assert await told(book) == {
        (f"{top}/cart/types/Cart.java", 2, f"{top}/cart/service/Total.java"),
        (f"{top}/cart/repo/Carts.java", 1, f"{top}/cart/service/Total.java"),
        (f"{top}/cart/service/Total.java", 2, f"{top}/cart/ui/"),
    }


@cache
def own() -> tuple[Rule, LayersBody]:
    rule = read_rules(read_files(ROOT)).get("layers")
    assert rule is not None
    body = typed_body(rule)
    assert isinstance(body, LayersBody)
    return rule, body


def objections(*edges: Edge) -> list[Hit]:
    return list(layer_hits(*own(), edges, []))


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        ("cockpit/checks/types.py", "cockpit/checks/service/verdict.py"),
        ("cockpit/checks/service/verdict.py", "cockpit/sessions/runtime/runner.py"),
        ("cockpit/checks/types.py", "cockpit/providers/git/__init__.py"),
        ("cockpit/sessions/service.py", "cockpit/supervisor/session.py"),
        ("cockpit/providers/git/run.py", "cockpit/checks/types.py"),
        ("cockpit/screens/fleet.py", "cockpit/supervisor/session.py"),
        ("agents/native/agent.py", "cockpit/journal/types.py"),
        ("widgets/rows.py", "cockpit/checks/repo.py"),
        ("cockpit/relay.py", "cockpit/providers/paths.py"),
        ("themes/one.py", "cockpit/types.py"),
    ],
)
def test_our_own_layers_object_to_what_the_layers_forbid(importer: str, imported: str) -> None:
    (hit,) = objections(Edge(importer, 1, imported, imported))
    assert imported in hit.message
    assert hit.note


def test_our_own_layers_forbid_to_run_things_in_the_wrong_place() -> None:
    assert objections(Edge("cockpit/checks/service/verdict.py", 1, "asyncio"))
    assert not objections(Edge("cockpit/checks/runtime/runner.py", 1, "asyncio"))


def test_our_own_layers_are_as_strict_as_the_test_of_them() -> None:
    modules = {name: path.relative_to(ROOT).as_posix() for name, path in test_layers._modules().items()}
    sample = sorted(modules)[::5]
    pairs = [(importer, imported) for importer in sample for imported in sample if importer != imported]
    edges = [Edge(modules[importer], 1, imported, modules[imported]) for importer, imported in pairs]
    told = {(hit.path, hit.text) for hit in objections(*edges)}
    forbidden = {
        (modules[importer], modules[imported])
        for importer, imported in pairs
        if test_layers._objection(importer, imported)
    }
    assert told == forbidden
