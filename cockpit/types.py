"""What every domain's types are made of: the frozen base model and the shared identifiers."""

from __future__ import annotations

from typing import NewType

from pydantic import BaseModel, ConfigDict

SessionId = NewType("SessionId", str)
"""Names one session; also the last part of its branch, folder and spool (`fix-login-3f`)."""

CommitId = NewType("CommitId", str)
"""Full hexadecimal object name of a git commit."""

TreeId = NewType("TreeId", str)
"""Full hexadecimal object name of a git tree: the exact content of a workspace or of what lands."""

BUILT_WHEN_USED = ConfigDict(defer_build=True)
"""For type adapters: a process starts sooner when it builds only the validators that it comes to use."""


class Model(BaseModel):
    """Base of everything that crosses a boundary: immutable; fields of a newer version are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)
