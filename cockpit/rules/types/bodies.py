"""What each engine but ast-grep (which reads its own) may be told in a rule's file."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field, model_validator

from cockpit.checks.types import Command
from cockpit.types import Model


class Unit(StrEnum):
    """What a regular expression is tried on."""

    LINE = "line"
    PARAGRAPH = "paragraph"  # lines up to an empty one or the next item of a list
    FILE = "file"


class RegexBody(Model, extra="forbid"):
    """`regex`: text that must not be there. Rust's dialect, linear in time: no look-around, no back-references."""

    pattern: str = Field(min_length=1, max_length=2000, description="what must not be found")
    unless: str = Field(default="", max_length=2000, description="where this is found as well, all is well")
    unit: Unit = Field(default=Unit.LINE, description="what the patterns are tried on")
    ignore_case: bool = False


class SizeBody(Model, extra="forbid"):
    """`size`: how large a thing may be, in lines."""

    max_lines: int | None = Field(default=None, ge=1, description="of a file")
    max_function_lines: int | None = Field(default=None, ge=1, le=5000, description="of a function or method")
    max_class_lines: int | None = Field(default=None, ge=1, le=5000, description="of a class")
    max_changed_files: int | None = Field(default=None, ge=1, description="of one change")

    @model_validator(mode="after")
    def _limits_something(self) -> SizeBody:
        if not any(value is not None for value in dict(self).values()):
            raise ValueError("name a limit: max_lines, max_function_lines, max_class_lines or max_changed_files")
        return self


class PathBody(Model, extra="forbid"):
    """`path`: which files must be there, must not be, or change together."""

    exist: tuple[str, ...] = Field(default=(), description="globs, each of which some file must match")
    absent: bool = Field(default=False, description="no file may match the rule's `files`")
    beside: str = Field(
        default="", description="what must exist for each of `files`, with {folder}, {name} and {stem} filled in"
    )
    together: tuple[str, ...] = Field(
        default=(), description="globs: when one of `files` changes, a file that matches these must change too"
    )
    links: bool = Field(default=False, description="relative links in `files` (Markdown) must lead to a file")

    @model_validator(mode="after")
    def _asks_something(self) -> PathBody:
        if not any(dict(self).values()):
            raise ValueError("say what to ask: exist, absent, beside, together or links")
        return self


class NamingBody(Model, extra="forbid"):
    """`naming`: how things are called. Each a regular expression that the whole name must match."""

    files: str = Field(default="", max_length=500, description="names of files, without their folder")
    folders: str = Field(default="", max_length=500, description="names of the folders that files are in")
    functions: str = Field(default="", max_length=500, description="names of functions and methods")
    classes: str = Field(default="", max_length=500, description="names of classes and other types")

    @model_validator(mode="after")
    def _names_something(self) -> NamingBody:
        if not any(dict(self).values()):
            raise ValueError("say what is named: files, folders, functions or classes")
        return self


class Calm(Model, extra="forbid"):
    """Modules from outside the repository that some layers may not load."""

    layers: tuple[str, ...] = Field(min_length=1)
    modules: tuple[str, ...] = Field(min_length=1, description="by name; a package means all of it")
    instead: str = Field(default="", description="what to do instead")


class Package(Model, extra="forbid"):
    """A part of the repository that is no domain, and what it may import besides itself."""

    files: tuple[str, ...] = Field(min_length=1, description="globs")
    may: tuple[str, ...] = Field(
        default=(), description="globs of what it may import; `@types` is that layer of every domain, `@any` all layers"
    )


class LayersBody(Model, extra="forbid"):
    """`layers`: who may import whom. Within a domain a layer imports what stands left of it only."""

    domains: tuple[str, ...] = Field(default=(), description='globs of folders, each a domain; "" is the repository')
    order: tuple[str, ...] = Field(
        default=("types", "config", "repo", "service", "runtime", "ui"), min_length=1, description="from left to right"
    )
    names: dict[str, str] = Field(default_factory=dict, description="other names of layers, such as errors = types")
    across: tuple[str, ...] = Field(default=("types",), description="layers that other domains may import")
    also: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="globs of files outside the domains that count as that layer of another one"
    )
    providers: tuple[str, ...] = Field(
        default=(), description="globs of the one way in for what cuts across (git, clock, telemetry ...)"
    )
    without_providers: tuple[str, ...] = Field(default=(), description="layers that may not import providers")
    calm: tuple[Calm, ...] = ()
    packages: tuple[Package, ...] = ()
    is_strict: bool = Field(default=False, alias="strict", description="every file of a domain is in a layer")
    counts_type_imports: bool = Field(
        default=True, alias="type_imports", description="what only type checkers import counts, too"
    )

    @model_validator(mode="after")
    def _layers_are_known(self) -> LayersBody:
        said = [
            *(self.across if "across" in self.model_fields_set else ()),
            *self.without_providers,
            *self.names.values(),
            *(one for c in self.calm for one in c.layers),
        ]
        if unknown := sorted(set(said) - set(self.order)):
            raise ValueError(f"{unknown[0]!r} is no layer: order names {', '.join(self.order)}")
        if not self.domains and not self.packages:
            raise ValueError("name domains, packages, or both")
        return self


class CommandBody(Model, extra="forbid"):
    """`command`: any tool that judges by its exit code or a report. Carried out in the sandbox, like a check.

    In `run`, `{file}` stands for a file of the rule that the change touches (one run for each), `{base}` for a folder
    with the rule's files as they were where the change began.
    """

    run: Command = Field(description="the program and its arguments, without a shell")
    parser: str = Field(default="exit-code", description="how its output becomes findings, as in [checks]")
    pattern: str = Field(default="", description="for the regex parser")
    timeout_s: float = Field(default=120, gt=0, le=3600, description="seconds until it is stopped")
    install: str = Field(default="", max_length=500, description="how to get the program; told where it is missing")


class JudgeBody(Model, extra="forbid"):
    """`judge`: what an agent is asked about the change. Advisory: it never stops one."""

    prompt: str = Field(min_length=1, max_length=8000, description="what to look for; it must cite file and line")
