"""A stylesheet whose rules are parsed once in a process: all screens of a host wear the same clothes."""

from __future__ import annotations

from functools import lru_cache

from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.css.types import CSSLocation

_Source = tuple[str, CSSLocation, bool, int, str]
_THEMES_KEPT = 4


class SharedStylesheet(Stylesheet):
    """Textual's, with rules that are shared by all that have the same variables. Parsed rules never change."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._parsed = _parsed_with(frozenset(self._variables.items()))

    def set_variables(self, variables: dict[str, str]) -> None:
        """Set CSS variables."""
        super().set_variables(variables)
        self._parsed = _parsed_with(frozenset(variables.items()))

    def reparse(self) -> None:
        """Read all sources with the variables that were set. Raises `StylesheetError`."""
        self.parse()

    def _parse_rules(
        self,
        css: str,
        read_from: CSSLocation,
        is_default_rules: bool = False,
        tie_breaker: int = 0,
        scope: str = "",
    ) -> list[RuleSet]:
        source = (css, read_from, is_default_rules, tie_breaker, scope)
        rules = self._parsed.get(source)
        if rules is None:
            rules = self._parsed[source] = super()._parse_rules(*source)
        return rules


@lru_cache(maxsize=_THEMES_KEPT)
def _parsed_with(_variables: frozenset[tuple[str, str]]) -> dict[_Source, list[RuleSet]]:
    return {}
