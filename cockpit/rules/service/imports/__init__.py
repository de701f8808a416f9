"""Import statements of TypeScript, JavaScript, Go, Rust and Java, and the files of the repository they lead to."""

from cockpit.rules.service.imports.statements import IMPORTS, Statement, edges_of
from cockpit.rules.service.imports.world import World

__all__ = ["IMPORTS", "Statement", "World", "edges_of"]
