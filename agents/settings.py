"""Reading an agent's section of cockpit.toml into the settings of its driver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Settings = TypeVar("Settings", bound=BaseModel)


def read(model: type[Settings], section: Mapping[str, object]) -> Settings:
    """Return the settings that a section means. Raises `ValueError`, for people, that names the first wrong one."""
    try:
        return model.model_validate(dict(section))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"agent settings: {where + ': ' if where else ''}{first['msg']}") from None
