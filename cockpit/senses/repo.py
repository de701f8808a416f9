"""What the server keeps so that it is found again after a restart: its port, and the secret of all tokens."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from pydantic import Field, ValidationError

from cockpit.types import Model

_SECRET_BYTES = 32


class Kept(Model):
    """The content of the file."""

    port: int = Field(default=0, ge=0, le=65535, description="0: none taken yet")
    secret: str = Field(min_length=2 * _SECRET_BYTES, repr=False)

    @classmethod
    def new(cls) -> Kept:
        """Return a fresh secret, and no port."""
        return cls(secret=secrets.token_hex(_SECRET_BYTES))


def load(path: Path) -> Kept:
    """Return what is kept; a file that is missing, unreadable or torn begins anew."""
    try:
        return Kept.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Kept.new()


def save(path: Path, kept: Kept) -> None:
    """Keep it, for this user's eyes only; the file is the old or the new one, never a mixture.

    Raises:
        OSError: the disk does not take it.
    """
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(kept.model_dump_json().encode())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
