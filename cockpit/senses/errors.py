"""Why a tool does not do what an agent asks for."""

from __future__ import annotations


class SenseRefused(Exception):
    """The message is for the agent: what is wrong, and how to go on."""

    def __init__(self, message: str, status: int = 403) -> None:
        """Say why, with the HTTP status that a refused request gets."""
        super().__init__(message)
        self.status = status
