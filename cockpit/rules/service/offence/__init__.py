"""From what a person pointed at to what a rule is made of: whole statements, a name, and the text of a rule file."""

from __future__ import annotations

from cockpit.rules.service.offence.statements import counterpart, statement_at
from cockpit.rules.service.offence.wording import Wording, name_for, rule_text, tests_text

__all__ = ["Wording", "counterpart", "name_for", "rule_text", "statement_at", "tests_text"]
