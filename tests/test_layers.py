"""The house obeys its own rule: who may import whom, what must not be loaded early, and how large a thing may be.

Read from the source, so a violation is found without running it. Each message says what to do about it.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("cockpit", "agents", "widgets", "themes")
SAMPLE = ROOT / "cockpit/demo/sample"

LAYERS = ("types", "config", "repo", "service", "runtime")
"""Of a domain, from left to right: each may import those to its left."""

IN_TYPES = {"errors": "types"}
"""A domain's exceptions are types that everybody may catch."""

SHARED_STATE = "cockpit.state.model"
"""What the fold yields is plain types, for whoever decides or draws."""

FILE_LINES, CLASS_LINES, FUNCTION_LINES = 400, 300, 60


@dataclass(frozen=True, slots=True)
class Import:
    """One import of a module of ours, or of somebody else's."""

    module: str
    line: int
    is_eager: bool
    """Carried out as soon as the importing module is; not so inside a function or for type checkers only."""


# who may import what: a package, and the beginnings of the modules that it may import besides itself

TYPES_OF_ALL = "types of all domains"
CONFIG_OF_ALL = "config of all domains"
ANY_LAYER = "all layers of all domains"

PEERS: dict[str, tuple[str, ...]] = {
    "cockpit": (),
    "cockpit.types": (),
    "cockpit.providers": ("cockpit.types",),
    "cockpit.state": ("cockpit.types", TYPES_OF_ALL, "cockpit.protocol.types"),
    "cockpit.protocol": ("cockpit.types", TYPES_OF_ALL, "cockpit.state", "cockpit.providers"),
    "cockpit.config": ("cockpit.types", TYPES_OF_ALL, CONFIG_OF_ALL),
    "cockpit.supervisor": (
        *("cockpit", ANY_LAYER, "cockpit.types", "cockpit.state", "cockpit.protocol", "cockpit.config"),
        *("cockpit.providers", "agents.base", "agents.registry", "agents.probe"),
    ),
    "cockpit.screens": (
        *("cockpit.types", TYPES_OF_ALL, "cockpit.state", "cockpit.protocol", "cockpit.config", "cockpit.providers"),
        *("widgets", "themes"),
    ),
    "cockpit.cli": (
        *("cockpit", ANY_LAYER, "cockpit.types", "cockpit.state", "cockpit.protocol", "cockpit.config"),
        *("cockpit.providers", "cockpit.demo", "cockpit.relay", "cockpit.screens.spawn"),
        *("agents.base", "agents.registry", "agents.probe", "agents.native.settings"),
    ),
    "cockpit.demo": (
        *(TYPES_OF_ALL, "cockpit.types", "cockpit.sessions.repo", "cockpit.protocol", "cockpit.cli.follow"),
    ),
    "cockpit.relay": ("cockpit.relay_terminal",),
    "cockpit.relay_terminal": (),
    "agents": ("cockpit", "cockpit.types", "cockpit.sessions.types", "cockpit.providers"),
    "widgets": (
        *("cockpit.types", TYPES_OF_ALL, "cockpit.state", "cockpit.protocol", "cockpit.providers.text"),
        *("cockpit.screens.keys", "cockpit.screens.store"),
    ),
    "themes": (),
}

NEVER_EARLY: dict[str, frozenset[str]] = {
    "cockpit.cli.headless": frozenset({"textual", "rich", "openai", "git", "aiohttp", "asyncssh"}),
    "cockpit.cli.daemon": frozenset({"textual", "rich", "openai", "git", "aiohttp", "asyncssh"}),
    "cockpit.supervisor.__main__": frozenset(
        {"textual", "rich", "openai", "aiohttp", "asyncssh", "mcp", "mcp_types", "starlette", "uvicorn", "anyio"}
    ),
    "cockpit.cli.checking": frozenset(
        {"textual", "rich", "openai", "asyncio", "psutil", "yaml", "ast_grep_py", "grimp"}
    ),
    "agents.native.agent": frozenset({"openai", "mcp", "mcp_types", "httpx2"}),
    "cockpit.screens.host": frozenset({"openai", "git", "aiohttp", "asyncssh"}),
    "agents.acp.agent": frozenset({"textual", "rich", "openai", "git", "aiohttp", "asyncssh", "acp"}),
    "agents.mechanic": frozenset({"textual", "rich", "openai", "git", "aiohttp", "asyncssh"}),
}
"""Modules that begin a process, and libraries that would make its start slow or its memory large."""

STANDARD_LIBRARY_ONLY = (
    *("cockpit.relay", "cockpit.cli", "cockpit.cli.attach", "cockpit.cli.check", "cockpit.screens.spawn"),
    "cockpit.sessions.runtime.runner",
)
"""What stands between a key press and the first paint, and the file that is sent to other machines."""


def test_imports_go_down_the_layers() -> None:
    against = list(_violations())
    assert not against, "\n".join(["imports against the layers:", *against])


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("cockpit.checks.types", "cockpit.checks.service.verdict"),
        ("cockpit.checks.service.verdict", "cockpit.sessions.runtime.runner"),
        ("cockpit.checks.types", "cockpit.providers.git"),
        ("cockpit.sessions.service", "cockpit.supervisor.session"),
        ("cockpit.providers.git", "cockpit.checks.types"),
        ("cockpit.screens.fleet", "cockpit.supervisor.session"),
        ("agents.native.agent", "cockpit.journal.types"),
        ("widgets.rows", "cockpit.checks.repo"),
        ("cockpit.relay", "cockpit.providers.paths"),
    ],
)
def test_an_import_against_the_layers_is_told(module: str, imported: str) -> None:
    assert _objection(module, imported)


@pytest.mark.parametrize("module", STANDARD_LIBRARY_ONLY)
def test_what_must_start_in_milliseconds_loads_the_standard_library_only(module: str) -> None:
    foreign = {name: chain for name, chain in _loaded(module).items() if name.split(".")[0] not in PACKAGES}
    assert not foreign, "\n".join(
        f"{module} loads {name} ({' -> '.join(chain)}): import it in the function that needs it"
        for name, chain in foreign.items()
    )


@pytest.mark.parametrize("module", NEVER_EARLY)
def test_heavy_libraries_are_not_loaded_early(module: str) -> None:
    heavy = {name: chain for name, chain in _loaded(module).items() if name.split(".")[0] in NEVER_EARLY[module]}
    assert not heavy, "\n".join(
        f"{module} loads {name} ({' -> '.join(chain)}): import it in the function that needs it"
        for name, chain in heavy.items()
    )


def test_things_are_small() -> None:
    large = [*_large_files(), *_large_definitions()]
    assert not large, "\n".join(["too large; split it by its ideas:", *large])


# imports


def _violations() -> Iterator[str]:
    for module, path in _modules().items():
        domain, layer = _domain_of(module)
        if domain and not layer and path.name != "__init__.py":
            yield f"{path.relative_to(ROOT)}: name it, or the folder it is in, after its layer: {', '.join(LAYERS)}"
        for one in _imports(path):
            if objection := _objection(module, one.module):
                yield f"{path.relative_to(ROOT)}:{one.line}: {module} imports {one.module}: {objection}"


def _objection(module: str, imported: str) -> str:
    """Return what speaks against an import, and what to do instead; empty: nothing."""
    domain, layer = _domain_of(module)
    if imported.split(".")[0] not in PACKAGES:
        return _calm(layer, imported) if domain else ""
    return _in_domain(module, imported) if domain else _of_peer(module, imported)


def _in_domain(module: str, imported: str) -> str:
    domain, layer = _domain_of(module)
    other, other_layer = _domain_of(imported)
    if imported == "cockpit.types" or (_is_types(imported) and other != domain):
        return ""
    if _is_below(imported, "cockpit.providers"):
        return f"{layer} does no I/O; let repo, service or runtime do it" if layer in ("types", "config") else ""
    if other == domain and layer and other_layer:
        is_left = LAYERS.index(other_layer) <= LAYERS.index(layer)
        return "" if is_left else f"{layer} is left of {other_layer}; let {other_layer} call {layer}"
    if other == domain:
        return ""
    if other:
        return "of another domain only its types may be imported; let the supervisor hand in the rest"
    return "a domain knows no screens, commands or supervisor; let whoever composes it hand this in"


def _of_peer(module: str, imported: str) -> str:
    name = next(peer for peer in sorted(PEERS, key=len, reverse=True) if _is_below(module, peer))
    allowed = PEERS[name]
    layer = _domain_of(imported)[1]
    if name == "cockpit" or _is_below(imported, name):
        return ""
    if layer and (ANY_LAYER in allowed or (layer == "config" and CONFIG_OF_ALL in allowed)):
        return ""
    if _is_types(imported) and TYPES_OF_ALL in allowed:
        return ""
    # the package itself holds the version and nothing else
    if any(imported == one if one == "cockpit" else _is_below(imported, one) for one in allowed):
        return ""
    return f"{name} may import only {', '.join(allowed) or 'the standard library and libraries'}"


def _calm(layer: str, imported: str) -> str:
    is_runtime = imported.split(".")[0] in ("asyncio", "subprocess", "socket", "threading", "multiprocessing")
    if is_runtime and layer in ("types", "config", "service"):
        return f"{layer} runs nothing; move it to runtime (or to repo, if it only keeps data)"
    return ""


def _domain_of(module: str) -> tuple[str, str]:
    """Return domain and layer of a module; empty where it is no domain's, or where its name says no layer."""
    parts = module.split(".")
    if parts[0] != "cockpit" or len(parts) < 2 or any(_is_below(module, peer) for peer in PEERS if peer != "cockpit"):
        return "", ""
    layer = IN_TYPES.get(parts[2], parts[2]) if len(parts) > 2 else ""
    return parts[1], layer if layer in LAYERS else ""


def _is_types(module: str) -> bool:
    return _domain_of(module)[1] == "types" or module == SHARED_STATE


def _is_below(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


@cache
def _modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not path.is_relative_to(SAMPLE):
                parts = path.relative_to(ROOT).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def _imports(path: Path) -> tuple[Import, ...]:
    found: list[Import] = []

    def take(node: ast.AST, *, is_eager: bool) -> None:
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.Import():
                    found.extend(Import(alias.name, child.lineno, is_eager) for alias in child.names)
                case ast.ImportFrom(module=str(module), names=names, level=0):
                    found.extend(Import(_target(module, alias.name), child.lineno, is_eager) for alias in names)
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    take(child, is_eager=False)
                case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                    take(child, is_eager=False)
                case ast.expr():
                    pass
                case _:
                    take(child, is_eager=is_eager)

    take(_tree(path), is_eager=True)
    return tuple(found)


def _target(module: str, name: str) -> str:
    """Return the module that `from module import name` loads."""
    return f"{module}.{name}" if f"{module}.{name}" in _modules() else module


def _loaded(start: str) -> dict[str, list[str]]:
    """Return everything outside the standard library that importing `start` loads, with the chain that leads to it."""
    chains: dict[str, list[str]] = {}
    todo = [(start, [start])]
    while todo:
        module, chain = todo.pop(0)
        for name in _with_parents(module):
            if name in chains or name.split(".")[0] in sys.stdlib_module_names:
                continue
            chains[name] = chain
            if name in _modules():
                todo += [(one.module, [*chain, one.module]) for one in _imports(_modules()[name]) if one.is_eager]
    return chains


def _with_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[: length + 1]) for length in range(len(parts))]


# sizes


def _sources() -> Iterator[Path]:
    for folder in (*PACKAGES, "tests", "docs"):
        found = sorted((ROOT / folder).rglob("*.py"))
        # What begins with a dot is a folder that another test has just made.
        kept = (path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))
        yield from (path for path in kept if not path.is_relative_to(SAMPLE))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what can hold a definition; expressions, nine tenths of a tree, cannot."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.expr):
            yield child
            yield from _statements(child)


def _large_files() -> Iterator[str]:
    for path in _sources():
        lines = path.read_text(encoding="utf-8").count("\n")
        if lines > FILE_LINES:
            yield f"{path.relative_to(ROOT)}: {lines} lines, more than {FILE_LINES}"


def _large_definitions() -> Iterator[str]:
    for path in _sources():
        for node in _statements(_tree(path)):
            match node:
                case ast.ClassDef():
                    limit = CLASS_LINES
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    limit = FUNCTION_LINES
                case _:
                    continue
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > limit:
                yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.name} has {lines} lines, more than {limit}"
