"""Codex's own folder (CODEX_HOME), kept by the cockpit: the user's configuration beneath ours, and the user's log-in.

The user's `config.toml` is read and never written: codex writes into its own (which projects are trusted), and what
makes sense for a person at a terminal (pop-ups, update checks) does not for twenty-five agents. The log-in is a link,
because codex renews its tokens in place and a copy would hold the ones that no longer count.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from agents.codex.settings import CodexSettings

PROVIDER = "cockpit"
_OPENAI_URL = "https://api.openai.com/v1"
_NOT_FOR_MANY = ("notify", "tui", "default_permissions", "sqlite_home", "log_dir", "profile")
# A goal would have codex begin turns of its own, without end; its loop is the cockpit's.
_OURS: dict[str, Any] = {
    "check_for_update_on_startup": False,
    "approvals_reviewer": "user",
    "analytics": {"enabled": False},
    "feedback": {"enabled": False},
    "tools": {"update_plan": {"enabled": True}},
    "suppress_unstable_features_warning": True,
    "features": {"goals": False, "default_mode_request_user_input": True},
}
_LOCAL: dict[str, Any] = {
    "web_search": "disabled",
    "features": dict.fromkeys(("apps", "plugins", "remote_plugin", "tool_suggest", "shell_snapshot"), False),
}
"""With an endpoint of one's own nothing else is asked: what would look for its vendor's is off."""


def user_folder(environ: Mapping[str, str]) -> Path:
    """Return where the user's own codex keeps its things."""
    return Path(environ.get("CODEX_HOME") or Path(environ.get("HOME") or Path.home()) / ".codex")


def prepare(home: Path, settings: CodexSettings, environ: Mapping[str, str]) -> list[str]:
    """Bring the folder up to date, whoever else does so at the same time. Blocks.

    Returns:
        What a person should know of it.

    Raises:
        OSError: it cannot be written.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "sessions").mkdir(exist_ok=True)  # or it could not be hidden from the first session's commands
    user = user_folder(environ)
    problems: list[str] = []
    theirs: dict[str, Any] = {}
    try:
        theirs = tomlkit.parse((user / "config.toml").read_text(encoding="utf-8")).unwrap()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        problems.append(f"codex's own configuration is left aside, {user / 'config.toml'} cannot be read: {error}")
    with contextlib.suppress(OSError, UnicodeDecodeError, TOMLKitError):
        # What codex wrote there itself: that this repository is trusted.
        own = tomlkit.parse((home / "config.toml").read_text(encoding="utf-8")).unwrap()
        theirs = {**theirs, "projects": {**theirs.get("projects", {}), **own.get("projects", {})}}
    _link_log_in(home, user)
    is_logged_in = (home / "auth.json").exists()
    _write(home / "config.toml", configuration(theirs, settings, environ, is_logged_in=is_logged_in))
    return problems


def configuration(
    theirs: Mapping[str, Any], settings: CodexSettings, environ: Mapping[str, str], *, is_logged_in: bool
) -> str:
    """Return the text of our `config.toml`."""
    kept = {key: value for key, value in theirs.items() if key not in _NOT_FOR_MANY}
    merged = _merge(kept, _OURS)
    key = _key_name(settings, environ, is_logged_in)
    if settings.base_url or key:
        provider: dict[str, Any] = {
            "name": PROVIDER,
            "base_url": settings.base_url or environ.get("OPENAI_BASE_URL") or _OPENAI_URL,
            "wire_api": "responses",
        }
        if key:
            provider["env_key"] = key
        merged = _merge(merged, {"model_provider": PROVIDER, "model_providers": {PROVIDER: provider}})
    if settings.base_url:
        merged = _merge(merged, _LOCAL)
    return tomlkit.dumps(merged)


def _key_name(settings: CodexSettings, environ: Mapping[str, str], is_logged_in: bool) -> str:
    if settings.base_url or settings.api_key_env:
        return settings.api_key_env
    if is_logged_in:
        return ""
    return next((name for name in ("CODEX_API_KEY", "OPENAI_API_KEY") if environ.get(name)), "")


def _merge(beneath: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(beneath)
    for key, value in above.items():
        lower = merged.get(key)
        is_deeper = isinstance(value, Mapping) and isinstance(lower, Mapping)
        merged[key] = _merge(lower, value) if is_deeper and isinstance(lower, Mapping) else value
    return merged


def _link_log_in(home: Path, user: Path) -> None:
    ours, theirs = home / "auth.json", user / "auth.json"
    if home == user or not theirs.exists() or (ours.is_symlink() and ours.readlink() == theirs):
        return
    if ours.exists() and not ours.is_symlink():
        return  # the person logged in here on purpose
    draft = home / f".auth-{os.getpid()}"
    draft.unlink(missing_ok=True)
    draft.symlink_to(theirs)
    draft.replace(ours)


def _write(path: Path, text: str) -> None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if path.read_text(encoding="utf-8") == text:
            return
    descriptor, draft = tempfile.mkstemp(prefix=".config-", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(draft).replace(path)
