"""Imports of small projects laid out as real ones are, in each language."""

from __future__ import annotations

from pathlib import Path

import pytest
from grimp.application.ports.modulefinder import FoundPackage, ModuleFile
from grimp.application.scanning import scan_imports
from grimp.domain.valueobjects import Module

from cockpit.rules.repo.reading import read_rules
from cockpit.rules.runtime.ast_grep import AstGrep
from cockpit.rules.runtime.looked import brought_together
from cockpit.rules.runtime.sources import Sources
from cockpit.rules.service.documents import documents_of
from cockpit.rules.service.imports import World, edges_of
from cockpit.rules.service.layers import Edge
from tests.rules.book import Book

ROOT = Path(__file__).parent.parent.parent
RULES = read_rules({".cockpit/invariants/l.yml": "id: l\nengine: layers\nlayers: {domains: ['src/*']}\n"}).rules


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return Book(tmp_path)


async def edges_in(root: Path, state: Path, paths: list[str]) -> list[Edge]:
    sources, documents = Sources(root, paths), documents_of(RULES)
    matches = await AstGrep(state).scan(root, documents, {}, paths, 60)
    assert not matches.problems
    looked = brought_together(sources, paths, [], matches, documents, frozenset(paths))
    world = World(paths, sources.text)
    return [edge for path, one in looked.items() for edge in edges_of(path, one.imports, world)]


async def edges(book: Book, files: dict[str, str]) -> set[tuple[str, int, str]]:
    book.write(files)
    paths = sorted(str(path.relative_to(book.root)) for path in book.root.rglob("*") if path.is_file())
    found = await edges_in(book.root, book.state, paths)
    return {(edge.importer, edge.line, edge.imported or f"<{edge.module}>") for edge in found}


async def test_python_in_a_source_folder_with_tests_beside_it(book: Book) -> None:
    found = await edges(
        book,
        {
            "manage.py": "from shop import cart\n",
            "src/shop/__init__.py": "",
            "src/shop/cart.py": "import os.path, shop.till as t\nfrom . import (  # all\n    till,\n    NAME,\n)\n",
            "src/shop/till/__init__.py": "from .drawer import *\nfrom .. import cart\nfrom ..cart import NAME\n",
            "src/shop/till/drawer.py": "def f():\n    if True:\n        from shop.till import drawer2 \\\n  as d\n",
            "src/plain.py": "import helper\n",
            "src/helper.py": "",
            "tests/test_cart.py": "from shop.cart import total\nfrom tests.pages import page\nimport tests\n",
            "tests/pages.py": "from __future__ import annotations\nimport shop.nothing\n",
        },
    )
    assert found == {
        ("src/shop/cart.py", 1, "<os.path>"),
        ("src/shop/cart.py", 1, "src/shop/till/__init__.py"),
        ("src/shop/cart.py", 2, "src/shop/till/__init__.py"),
        ("src/shop/cart.py", 2, "src/shop/__init__.py"),
        ("src/shop/till/__init__.py", 1, "src/shop/till/drawer.py"),
        ("src/shop/till/__init__.py", 2, "src/shop/cart.py"),
        ("src/shop/till/__init__.py", 3, "src/shop/cart.py"),
        ("src/shop/till/drawer.py", 3, "src/shop/till/__init__.py"),
        ("src/plain.py", 1, "src/helper.py"),
        ("manage.py", 1, "src/shop/cart.py"),
        ("tests/test_cart.py", 1, "src/shop/cart.py"),
        ("tests/test_cart.py", 2, "tests/pages.py"),
        ("tests/test_cart.py", 3, "<tests>"),
        ("tests/pages.py", 2, "<shop.nothing>"),
    }


async def test_python_of_two_packages_of_one_name_means_its_own(book: Book) -> None:
    found = await edges(
        book,
        {
            "a/shop/__init__.py": "",
            "a/shop/x.py": "from shop import y\n",
            "a/shop/y.py": "",
            "b/c/shop/__init__.py": "",
            "b/c/shop/x.py": "from shop import y\n",
            "b/c/shop/y.py": "",
        },
    )
    assert found == {("a/shop/x.py", 1, "a/shop/y.py"), ("b/c/shop/x.py", 1, "b/c/shop/y.py")}


async def test_our_own_imports_are_those_that_grimp_finds(tmp_path: Path) -> None:
    paths = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "cockpit/providers").rglob("*.py"))
    paths = ["cockpit/__init__.py", "cockpit/types.py", *paths]
    names = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in paths}
    files = {name: ModuleFile(module=Module(name), mtime=0.0) for name in names}
    package = FoundPackage(
        name="cockpit",
        directory=str(ROOT / "cockpit"),
        module_files=frozenset(files.values()),
        namespace_packages=frozenset(),
    )
    scanned = scan_imports(
        list(files.values()),
        found_packages={package},
        include_external_packages=True,
        exclude_type_checking_imports=False,
    )
    theirs = {
        (names[one.importer.name], one.line_number, names[one.imported.name])
        for imports in scanned.values()
        for one in imports
        if one.imported.name in names
    }
    found = await edges_in(ROOT, tmp_path, paths)
    assert {(edge.importer, edge.line, edge.imported) for edge in found if edge.imported} == theirs
    assert len(theirs) > 40


async def test_typescript_of_a_monorepo(book: Book) -> None:
    found = await edges(
        book,
        {
            "package.json": '{"name": "shop", "workspaces": ["packages/*"]}',
            "tsconfig.base.json": '{"compilerOptions": {"baseUrl": ".", "paths": {"~lib/*": ["packages/lib/src/*"]}}}',
            "packages/app/tsconfig.json": (
                '{"extends": "../../tsconfig.base.json", // its paths do not hold here\n "compilerOptions": {"paths": '
                '{"@/*": ["./src/*"], "config": ["./src/config.ts"],},},}'
            ),
            "packages/app/package.json": '{"name": "@shop/app"}',
            "packages/app/src/main.tsx": (
                "import React from 'react'\nimport { a } from '@/cart/total'\nimport config from 'config'\n"
                "import x from '@shop/lib'\nimport y from '@shop/lib/deep'\nexport { z } from './cart'\n"
                "const late = await import('./cart/total.js')\nimport './style.css'\nimport('@/gone')\n"
            ),
            "packages/app/src/config.ts": "import lib = require('../../lib/src/index')\n",
            "packages/app/src/cart/index.ts": "import q from '~lib/deep'\n",
            "packages/app/src/cart/total.ts": "const fs = require('node:fs')\n",
            "packages/app/src/style.css": "",
            "packages/lib/tsconfig.json": '{"extends": ["../../tsconfig.base"]}',
            "packages/lib/package.json": '{"name": "@shop/lib", "main": "src/index.ts"}',
            "packages/lib/src/index.ts": "",
            "packages/lib/src/deep.ts": "import a from '@/cart/total'\nimport b from '~lib/index'\n",
        },
    )
    main = "packages/app/src/main.tsx"
    assert found == {
        (main, 1, "<react>"),
        (main, 2, "packages/app/src/cart/total.ts"),
        (main, 3, "packages/app/src/config.ts"),
        (main, 4, "packages/lib/src/index.ts"),
        (main, 5, "packages/lib/src/deep.ts"),
        (main, 6, "packages/app/src/cart/index.ts"),
        (main, 7, "packages/app/src/cart/total.ts"),
        (main, 8, "packages/app/src/style.css"),
        (main, 9, "<@/gone>"),
        ("packages/app/src/config.ts", 1, "packages/lib/src/index.ts"),
        ("packages/app/src/cart/index.ts", 1, "<~lib/deep>"),
        ("packages/app/src/cart/total.ts", 1, "<node:fs>"),
        ("packages/lib/src/deep.ts", 1, "<@/cart/total>"),
        ("packages/lib/src/deep.ts", 2, "packages/lib/src/index.ts"),
    }


async def test_go_of_two_modules(book: Book) -> None:
    found = await edges(
        book,
        {
            "go.mod": "module example.org/shop/v2\n\ngo 1.22\n\nrequire example.org/other v1.0.0\n",
            "cmd/shop/main.go": 'package main\n\nimport "example.org/shop/v2/internal/cart"\nimport . "fmt"\n',
            "internal/cart/cart.go": 'package cart\n\nimport (\n\t_ "embed"\n\tt `example.org/shop/v2/tools/gen`\n)\n',
            "internal/cart/cart_test.go": 'package cart_test\n\nimport "example.org/shop/v2/internal/cart"\n',
            "tools/go.mod": "module example.org/shop/v2/tools // the tools\n",
            "tools/gen/gen.go": 'package gen\n\nimport "example.org/shop/v20/x"\nimport "example.org/shop/v2/gone"\n',
        },
    )
    assert found == {
        ("cmd/shop/main.go", 3, "internal/cart/"),
        ("cmd/shop/main.go", 4, "<fmt>"),
        ("internal/cart/cart.go", 4, "<embed>"),
        ("internal/cart/cart.go", 5, "tools/gen/"),
        ("internal/cart/cart_test.go", 3, "internal/cart/"),
        ("tools/gen/gen.go", 3, "<example.org/shop/v20/x>"),
        ("tools/gen/gen.go", 4, "<example.org/shop/v2/gone>"),
    }


async def test_rust_of_a_workspace(book: Book) -> None:
    found = await edges(
        book,
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n',
            "crates/cart/Cargo.toml": '[package]\nversion = "1"\nname = "shop-cart"\n\n[lib]\nname = "cart_core"\n',
            "crates/cart/src/lib.rs": "pub mod total;\nmod inner { fn f() {} }\nuse crate::total::{self, sum::Sum};\n",
            "crates/cart/src/total/mod.rs": "pub mod sum;\nuse self::sum::Sum;\nuse super::inner;\n",
            "crates/cart/src/total/sum.rs": "pub(crate) use crate::total;\nuse std::{fmt, io::*};\n",
            "crates/cart/src/bin/tool.rs": "use cart_core::total::sum;\n",
            "crates/cart/tests/all.rs": "use cart_core::total::sum::Sum as S;\n",
            "crates/till/Cargo.toml": '[package]\nname = "till"\n[dependencies]\nshop-cart = {path = "../cart"}\n',
            "crates/till/src/main.rs": (
                "mod drawer;\nuse ::cart_core::{total::{sum::{self, Sum}}, Cart};\nuse drawer::Drawer;\n"
            ),
            "crates/till/src/drawer.rs": "extern crate cart_core;\n",
        },
    )
    cart, till = "crates/cart", "crates/till"
    assert found == {
        (f"{cart}/src/lib.rs", 1, f"{cart}/src/total/mod.rs"),
        (f"{cart}/src/lib.rs", 3, f"{cart}/src/total/mod.rs"),
        (f"{cart}/src/lib.rs", 3, f"{cart}/src/total/sum.rs"),
        (f"{cart}/src/total/mod.rs", 1, f"{cart}/src/total/sum.rs"),
        (f"{cart}/src/total/mod.rs", 2, f"{cart}/src/total/sum.rs"),
        (f"{cart}/src/total/mod.rs", 3, f"{cart}/src/lib.rs"),
        (f"{cart}/src/total/sum.rs", 1, f"{cart}/src/total/mod.rs"),
        (f"{cart}/src/total/sum.rs", 2, "<std::fmt>"),
        (f"{cart}/src/total/sum.rs", 2, "<std::io>"),
        (f"{cart}/src/bin/tool.rs", 1, f"{cart}/src/total/sum.rs"),
        (f"{cart}/tests/all.rs", 1, f"{cart}/src/total/sum.rs"),
        (f"{till}/src/main.rs", 1, f"{till}/src/drawer.rs"),
        (f"{till}/src/main.rs", 2, f"{cart}/src/total/sum.rs"),
        (f"{till}/src/main.rs", 2, f"{cart}/src/lib.rs"),
        (f"{till}/src/main.rs", 3, f"{till}/src/drawer.rs"),
        (f"{till}/src/drawer.rs", 1, f"{cart}/src/lib.rs"),
    }


async def test_java_of_two_modules_and_their_tests(book: Book) -> None:
    core, web = "core/src/main/java/org/shop", "web/src/main/java/org/shop/web"
    found = await edges(
        book,
        {
            f"{core}/cart/Cart.java": "package org.shop.cart;\nimport java.util.*;\nimport org.shop.Money;\n",
            f"{core}/Money.java": "package org.shop;\nimport static java.lang.Math.max;\n",
            "core/src/test/java/org/shop/cart/CartTest.java": (
                "package org.shop.cart;\nimport org.shop.cart.Cart.Line;\nimport static org.shop.Money.*;\n"
            ),
            f"{web}/Page.java": "package org.shop.web;\nimport org.shop.cart.Cart;\nimport org.shop.cart.*;\n",
        },
    )
    assert found == {
        (f"{core}/cart/Cart.java", 2, "<java.util>"),
        (f"{core}/cart/Cart.java", 3, f"{core}/Money.java"),
        (f"{core}/Money.java", 2, "<java.lang.Math.max>"),
        ("core/src/test/java/org/shop/cart/CartTest.java", 2, f"{core}/cart/Cart.java"),
        ("core/src/test/java/org/shop/cart/CartTest.java", 3, f"{core}/Money.java"),
        (f"{web}/Page.java", 2, f"{core}/cart/Cart.java"),
        (f"{web}/Page.java", 3, f"{core}/cart/"),
    }
