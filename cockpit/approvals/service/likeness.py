"""Which requests of several sessions are one question to a human."""

from __future__ import annotations

import hashlib

from cockpit.approvals.service.place import Place
from cockpit.approvals.service.reading import Reading

_LENGTH = 200


def likeness(reading: Reading, place: Place) -> str:
    """Return the same for requests that ask for the same in different workspaces; short, whatever is asked for.

    What is asked for counts, never why, and whether it leaves the sandbox; of a tool its name, of an edit its files.
    """
    text = f"{reading.kind}{' unconfined' if reading.escalates else ''}:{place.normalised(reading.text)}"
    if len(text) <= _LENGTH:
        return text
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
    return f"{text[:_LENGTH]}…{digest}"
