"""Takes secrets out of text before it is kept: in the journal, a log, a recording or a report."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping

REDACTED = "[redacted]"

_SHORTEST_VALUE = 8
_MOST_PASSES = 8
_SECRET_NAME = re.compile(
    r"(?i)secret|token|passw|passphrase|api_?key|private_?key|access_?key|credential|_dsn$|_pat$|_auth$"
)
_PLAIN_VALUE = re.compile(r"(?i)true|false|none|null|\d{1,9}|/[\w./-]*")

# Each begins with something that a plain search can look for: see `_HINTS`.
_TOKENS = (
    r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic and compatible
    r"(?<![A-Za-z0-9])(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",  # Stripe
    r"gh[pousr]_[A-Za-z0-9]{30,}",
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"glpat-[A-Za-z0-9_-]{20,}",
    r"(?<![A-Z0-9])A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Z0-9])",
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",
    r"xapp-[A-Za-z0-9-]{10,}",
    r"AIza[A-Za-z0-9_-]{35}",
    r"(?<![A-Za-z0-9_])hf_[A-Za-z0-9]{30,}",
    r"(?<![A-Za-z0-9_])npm_[A-Za-z0-9]{36}",
    r"(?<![A-Za-z0-9])ckp_[A-Za-z0-9_.-]{1,80}\.[a-f0-9]{64}",  # our own, of a session
    r"pypi-AgEI[A-Za-z0-9_-]{40,}",
    r"do[opr]_v1_[a-f0-9]{40,}",
    r"(?<![A-Za-z0-9])SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
    r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*",  # JSON web token
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
)
_QUOTE = r"""\\?["']"""
# What comes before the secret is kept, so that a reader sees what was there; possessive, or a scheme is taken for it.
_NAMED = (
    rf"(?i:authorization)(?:{_QUOTE})?\s*[:=]\s*+(?:{_QUOTE})?+(?i:(?:bearer|basic|token|digest)\s++)?+",
    r"(?i:\bbearer)\s++(?=[A-Za-z0-9._~+/=-]{16})",
    rf"(?i:x-api-key|api-key|private-token|set-cookie|cookie)(?:{_QUOTE})?\s*:\s*+(?:{_QUOTE})?+",
    r"(?:SECRET|TOKEN|PASSWORD|PASSWD|PASSPHRASE|API_?KEY|PRIVATE_KEY|ACCESS_KEY)[A-Z0-9_]{0,40}="
    rf"(?:{_QUOTE})?(?=[A-Za-z0-9+/_.=~-]{{0,200}}\d)(?=[A-Za-z0-9+/_.=~-]{{12}})",
)
_PATTERN = re.compile(
    rf"(?P<token>{'|'.join(_TOKENS)})"
    rf"|(?P<before>{'|'.join(_NAMED)})(?!\[redacted\])[^\s\"'\\,;]+"
    r"|(?P<url>://[^\s/:@\"']{0,256}:)[^\s/@\"']{1,1024}(?=@)",
    re.DOTALL,
)
_HINTS = (
    *(
        "sk-",
        "_live_",
        "_test_",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "AKIA",
        "ASIA",
        "xox",
        "ckp_",
    ),
    *("xapp-", "AIza", "hf_", "npm_", "pypi-", "_v1_", "SG.", "eyJ", "PRIVATE KEY", "://", "earer", "EARER"),
    *("uthorization", "UTHORIZATION", "pi-key", "pi-Key", "PI-KEY", "rivate-token", "RIVATE-TOKEN", "ookie", "OOKIE"),
    *("SECRET", "TOKEN", "PASSW", "PASSPHRASE", "KEY"),
)


def redact(text: str, values: frozenset[str] = frozenset()) -> str:
    """Return `text` with what looks like a secret replaced by `[redacted]`, and so every one of `values`.

    Args:
        text: anything; JSON stays JSON.
        values: secrets known exactly, usually `secret_values(os.environ)`.
    """
    if values:
        known = _known(values)
        if known is not None:
            text = known.sub(REDACTED, text)
    if not any(hint in text for hint in _HINTS):
        return text
    # Again after a change: taking out one secret may lay bare where the next one begins.
    for _ in range(_MOST_PASSES):
        before, text = text, _PATTERN.sub(_replace, text)
        if text == before:
            break
    return text


def secret_values(env: Mapping[str, str]) -> frozenset[str]:
    """Return the values of the variables whose names say that they hold a secret."""
    return frozenset(
        value
        for name, value in env.items()
        if len(value) >= _SHORTEST_VALUE and _SECRET_NAME.search(name) and not _PLAIN_VALUE.fullmatch(value)
    )


def _replace(found: re.Match[str]) -> str:
    return (found.group("before") or found.group("url") or "") + REDACTED


@functools.lru_cache(maxsize=16)
def _known(values: frozenset[str]) -> re.Pattern[str] | None:
    """Compile the known values and how they look inside JSON, longest first so that none is left in part."""
    spellings = {s for value in values if len(value) >= _SHORTEST_VALUE for s in (value, json.dumps(value)[1:-1])}
    return re.compile("|".join(map(re.escape, sorted(spellings, key=lambda s: (-len(s), s))))) if spellings else None
