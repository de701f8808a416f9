"""What each engine but ast-grep is told, typed."""

from __future__ import annotations

from pydantic import ValidationError

from cockpit.rules.types import Engine, Rule
from cockpit.rules.types.bodies import CommandBody, JudgeBody, LayersBody, NamingBody, PathBody, RegexBody, SizeBody
from cockpit.rules.types.errors import RuleFileError
from cockpit.types import Model

BODIES: dict[Engine, type[Model]] = {
    Engine.REGEX: RegexBody,
    Engine.LAYERS: LayersBody,
    Engine.SIZE: SizeBody,
    Engine.PATH: PathBody,
    Engine.NAMING: NamingBody,
    Engine.COMMAND: CommandBody,
    Engine.JUDGE: JudgeBody,
}


def typed_body(rule: Rule) -> Model:
    """Return what the engine of a rule (any but ast-grep) is told. Raises `RuleFileError`."""
    try:
        return BODIES[rule.engine].model_validate(rule.body)
    except ValidationError as error:
        raise RuleFileError(why_wrong(error, prefix=(rule.engine.value,))) from error


def why_wrong(error: ValidationError, prefix: tuple[str, ...] = ()) -> str:
    """Return the first thing that is wrong, with the key it is wrong at."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    key = ".".join(str(step) for step in (*prefix, *first["loc"]))
    why = first["msg"].removeprefix("Value error, ")
    return f"{key}: {'is not known here' if first['type'] == 'extra_forbidden' else why}"
