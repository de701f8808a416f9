"""A form that an agent wants filled in, as questions to a human, one for each field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agents.acp.shape import mapping, mappings, text, words

_MOST_FIELDS = 12
_QUESTION_CHARS = 2_000
_YES = frozenset({"yes", "y", "true", "1", "on"})
_NO = frozenset({"no", "n", "false", "0", "off"})


class UnfitAnswer(ValueError):
    """An answer is none that the field can hold. The message says what it can."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form."""

    name: str
    question: str
    kind: str
    choices: Mapping[str, str]
    """What the field can hold, where it is one of a few: as shown, and as sent."""
    takes_several: bool = False

    def value(self, answer: str) -> str | int | float | bool | list[str]:
        """Return what to send for a human's answer. Raises `UnfitAnswer`."""
        answer = answer.strip()
        if self.takes_several:
            return [self._chosen(part.strip()) for part in answer.split(",") if part.strip()]
        if self.choices:
            return self._chosen(answer)
        try:
            match self.kind:
                case "boolean":
                    return _truth(answer)
                case "integer":
                    return int(answer)
                case "number":
                    return float(answer)
                case _:
                    return answer
        except ValueError:
            raise UnfitAnswer(f"{answer!r} is no {self.kind}") from None

    def _chosen(self, answer: str) -> str:
        for shown, sent in self.choices.items():
            if answer.casefold() in (shown.casefold(), sent.casefold()):
                return sent
        raise UnfitAnswer(f"{answer!r} is none of: {', '.join(self.choices)}")


def fields(params: Mapping[str, Any]) -> Iterator[Field]:
    """Yield the fields of a form, at most a dozen."""
    schema = mapping(params.get("requestedSchema"))
    message = text(params.get("message")).strip()
    properties = [(name, mapping(about)) for name, about in mapping(schema.get("properties")).items()][:_MOST_FIELDS]
    for name, about in properties:
        own = text(about.get("description")) or text(about.get("title"))
        question = own if len(properties) > 1 and own else message or own or name
        if len(properties) > 1 and message and message != question:
            question = f"{message}\n{question}"
        items = mapping(about.get("items"))
        yield Field(
            name=name,
            question=question[:_QUESTION_CHARS],
            kind=text(about.get("type")) or "string",
            choices=_choices(items or about),
            takes_several=about.get("type") == "array",
        )


def _choices(about: Mapping[str, Any]) -> dict[str, str]:
    if plain := words(about.get("enum")):
        names = words(about.get("enumNames"))
        return dict(zip(names if len(names) == len(plain) else plain, plain, strict=True))
    listed = about.get("oneOf") or about.get("anyOf")
    return {
        text(one.get("title")) or text(one.get("const")): text(one.get("const"))
        for one in mappings(listed)
        if text(one.get("const"))
    }


def _truth(answer: str) -> bool:
    word = answer.casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(answer)
