"""Import statements of each language, and the files of the repository they lead to."""

from cockpit.rules.service.imports.statements import IMPORTS, TYPES_IMPORTS, Statement, edges_of, statement_of
from cockpit.rules.service.imports.world import World

__all__ = ["IMPORTS", "TYPES_IMPORTS", "Statement", "World", "edges_of", "statement_of"]
