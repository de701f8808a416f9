"""Reads cockpit.toml and the person's own file beneath it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cockpit.approvals.types import Section
from cockpit.config.errors import ConfigError, Problem
from cockpit.config.lines import line_of
from cockpit.config.model import Config

FILE_NAME = "cockpit.toml"
USER_CONFIG = "config.toml"
"""Name of a person's own file, in their configuration folder."""
PERSONAL_SECTIONS = ("default_agent", "agents", "prices", "ui", "policy", "forge")
"""What a person's own file may say; everything else belongs to the repository."""

_TOML_PLACE = re.compile(r"\(at line (\d+), column \d+\)")
_SIZE_LIMIT_BYTES = 1_000_000


def load(repo_root: Path, user_file: Path | None = None) -> Config:
    """Return the configuration of a repository; a missing file means the defaults.

    Args:
        repo_root: the person's own checkout, never an agent's worktree: an agent must not change its own limits.
        user_file: the person's file (`~/.config/cockpit/config.toml`); the repository's word counts where both speak.

    Raises:
        ConfigError: with every problem, each with file, key and line.
    """
    repo_file = repo_root / FILE_NAME
    repo_text, repo_data = _read(repo_file)
    problems: list[Problem] = []
    own_lines: frozenset[tuple[bool, Section, str]] = frozenset()
    if user_file is not None:
        user_text, user_data = _read(user_file)
        _validate_personal(user_file, user_text, user_data, problems)
        _validated(repo_file, repo_text, _without_chosen_agents(repo_data), problems)
        if problems:
            raise ConfigError(tuple(problems))
        own_lines = _own_lines(user_data, repo_data)
        repo_data = _merge_personal(user_data, repo_data)
    config = _validated(repo_file, repo_text, repo_data, problems)
    if config is None:
        raise ConfigError(tuple(problems))
    return config.model_copy(update={"policy": config.policy.with_personal(own_lines)})


def reload(previous: Config, repo_root: Path, user_file: Path | None = None) -> tuple[Config, ConfigError | None]:
    """Return the new configuration, or the previous one and what is wrong with the new one."""
    try:
        return load(repo_root, user_file), None
    except ConfigError as error:
        return previous, error


def parse(text: str, file: Path = Path(FILE_NAME)) -> Config:
    """Return the configuration that a text means. Raises `ConfigError` like `load`."""
    problems: list[Problem] = []
    config = _validated(file, text, _parse_toml(file, text), problems)
    if config is None:
        raise ConfigError(tuple(problems))
    return config


def verify(file: Path, text: str, *, is_personal: bool) -> None:
    """Look at the text of a configuration file before it is written. Raises `ValueError` with a message for people."""
    problems: list[Problem] = []
    try:
        data = _parse_toml(file, text)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    if is_personal:
        _validate_personal(file, text, data, problems)
    else:
        _validated(file, text, _without_chosen_agents(data), problems)
    if problems:
        raise ValueError(str(ConfigError(tuple(problems))))


def _read(file: Path) -> tuple[str, dict[str, Any]]:
    try:
        with file.open("rb") as stream:
            raw = stream.read(_SIZE_LIMIT_BYTES + 1)
        if len(raw) > _SIZE_LIMIT_BYTES:
            raise ConfigError((Problem(file, "", None, f"is larger than {_SIZE_LIMIT_BYTES:,} bytes"),))
        text = raw.decode("utf-8")
    except FileNotFoundError:
        return "", {}
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(file, "", line, "is not UTF-8 text"),)) from error
    except OSError as error:
        raise ConfigError((Problem(file, "", None, f"cannot be read: {error.strerror}"),)) from error
    return text, _parse_toml(file, text)


def _parse_toml(file: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        message = _TOML_PLACE.sub("", str(error)).strip()
        line = int(place[1]) if place else text.count("\n") + 1
        raise ConfigError((Problem(file, "", line, message),)) from error


def _validated(file: Path, text: str, data: dict[str, Any], problems: list[Problem]) -> Config | None:
    names, data = _named_checks(data)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=False, include_input=False):
            path = _as_written(detail["loc"], names)
            problems.append(Problem(file, _dotted(path), line_of(text, path), _plain(detail["msg"], detail["type"])))
        return None


def _named_checks(data: dict[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Return the names of `[checks.NAME]` tables in order, and the data with these tables as a list."""
    checks = data.get("checks")
    if not isinstance(checks, dict):
        return [], data
    listed = [{"name": name, **check} if isinstance(check, dict) else check for name, check in checks.items()]
    return list(checks), {**data, "checks": listed}


def _as_written(loc: tuple[str | int, ...], names: list[str]) -> tuple[str | int, ...]:
    if len(loc) > 1 and loc[0] == "checks" and names and isinstance(loc[1], int):
        return ("checks", names[loc[1]], *loc[2:])
    return loc


def _dotted(path: tuple[str | int, ...]) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def _plain(message: str, kind: str) -> str:
    match kind:
        case "extra_forbidden":
            return "is not an option"
        case "missing":
            return "is missing"
        case _:
            return message.removeprefix("Value error, ")


def _validate_personal(file: Path, text: str, data: dict[str, Any], problems: list[Problem]) -> None:
    problems += [
        Problem(file, key, line_of(text, (key,)), f"belongs in the repository's {FILE_NAME}")
        for key in sorted(data.keys() - set(PERSONAL_SECTIONS))
    ]
    mine = {key: value for key, value in data.items() if key in PERSONAL_SECTIONS}
    _validated(file, text, _without_chosen_agents(mine), problems)


def _without_chosen_agents(data: dict[str, Any]) -> dict[str, Any]:
    """Leave out the words that may speak of the other file's agents."""
    chosen = {key: value for key, value in data.items() if key != "default_agent"}
    if isinstance(forge := chosen.get("forge"), dict):
        chosen["forge"] = {key: value for key, value in forge.items() if key != "drafting"}
    return chosen


def _merge_personal(personal: Mapping[str, Any], repo: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the repository's tables over the person's; policy lines of both count."""
    merged = dict(repo)
    for section in PERSONAL_SECTIONS:
        if section in personal:
            merged[section] = _overlay(personal[section], repo.get(section))
    if "policy" in personal and "policy" in repo:
        merged["policy"] = _lines_of_both(personal["policy"], repo["policy"], merged["policy"])
    return merged


def _lines_of_both(personal: Mapping[str, Any], repo: Mapping[str, Any], merged: Mapping[str, Any]) -> dict[str, Any]:
    """Add the lines of two policies up, what they allow and what they deny."""
    both = dict(merged)
    for section in (one.value for one in Section):
        if lines := [*personal.get(section, ()), *repo.get(section, ())]:
            both[section] = list(dict.fromkeys(lines))
    if "deny" in personal and "deny" in repo:
        both["deny"] = _lines_of_both(personal["deny"], repo["deny"], merged["deny"])
    return both


def _own_lines(personal: Mapping[str, Any], repo: Mapping[str, Any]) -> frozenset[tuple[bool, Section, str]]:
    """Return the lines that only the person's own policy holds: (is denied, section, line)."""

    def lines(data: Mapping[str, Any]) -> set[tuple[bool, Section, str]]:
        policy = data.get("policy", {})
        said = ((False, policy), (True, policy.get("deny", {})))
        return {
            (is_denied, one, line) for is_denied, part in said for one in Section for line in part.get(one.value, ())
        }

    return frozenset(lines(personal) - lines(repo))


def _overlay(under: Any, over: Any) -> Any:
    if over is None:
        return under
    if isinstance(under, dict) and isinstance(over, dict):
        return {key: _overlay(under.get(key), over.get(key)) for key in {**under, **over}}
    return over
