"""What suits Rust and Go projects, whose tool chains bring their checks along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cockpit.checks.config import Parser
from cockpit.checks.runtime.detect.facts import Proposal, projects

_CLIPPY = (
    r"^(?P<path>[^:\n]+):(?P<line>\d+):(?P<column>\d+): (?P<severity>error|warning)(?:\[(?P<code>[^\]\n]+)\])?: "
    r"(?P<message>.*)$"
)
_VET = r"^(?:vet: )?(?P<path>[^:\s]+\.go):(?P<line>\d+):(?:(?P<column>\d+):)? (?P<message>.*)$"
_RUST_SOURCES = ("**/*.rs", "**/Cargo.toml", "**/Cargo.lock", "**/*.toml")
_GO_SOURCES = ("**/*.go", "**/go.mod", "**/go.sum", "**/go.work")


def propose_rust(root: Path) -> Iterator[Proposal]:
    """Yield the checks of every Rust project."""
    for facts in projects(root, "Cargo.toml"):
        yield facts.check(
            "fmt",
            "cargo fmt --check",
            "Cargo.toml is there",
            parser=Parser.REGEX,
            pattern=r"^(?P<message>Diff) in (?P<path>[^:\n]+):(?P<line>\d+)",
            inputs=_RUST_SOURCES,
            fix="cargo fmt",
            cost_s=1,
        )
        yield facts.check(
            "clippy",
            "cargo clippy --quiet --all-targets --message-format=short -- -D warnings",
            "Cargo.toml is there",
            parser=Parser.REGEX,
            pattern=_CLIPPY,
            inputs=_RUST_SOURCES,
            cost_s=30,
        )
        yield facts.check("cargo-test", "cargo test --quiet", "Cargo.toml is there", cost_s=60)


def propose_go(root: Path) -> Iterator[Proposal]:
    """Yield the checks of every Go project."""
    for facts in projects(root, "go.mod"):
        yield facts.check(
            "gofmt",
            "gofmt -l .",
            "go.mod is there",
            parser=Parser.REGEX,
            pattern=r"^(?P<path>.+\.go)$",
            inputs=_GO_SOURCES,
            fix="gofmt -w .",
            cost_s=1,
            hint="gofmt would rewrite these files",
        )
        yield facts.check(
            "vet",
            "go vet ./...",
            "go.mod is there",
            parser=Parser.REGEX,
            pattern=_VET,
            inputs=_GO_SOURCES,
            cost_s=10,
        )
        yield facts.check("go-test", "go test ./...", "go.mod is there", cost_s=60)
