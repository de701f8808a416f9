"""What checks decide: which are due, what they found, what is new, what to tell the agent. Nothing runs here."""

from cockpit.checks.service.comparison import Comparison, blocking, compare
from cockpit.checks.service.fingerprints import LinesOf, fingerprint, identified, normalised
from cockpit.checks.service.message import message_for_agent
from cockpit.checks.service.planning import cache_key, cheapest_first, due
from cockpit.checks.service.verdict import Ran, broken, judge

__all__ = [
    "Comparison",
    "LinesOf",
    "Ran",
    "blocking",
    "broken",
    "cache_key",
    "cheapest_first",
    "compare",
    "due",
    "fingerprint",
    "identified",
    "judge",
    "message_for_agent",
    "normalised",
]
