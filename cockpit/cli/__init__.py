"""The `cockpit` command. Each verb is imported when it is used, so that attaching and `--version` stay quick."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from cockpit.cli.arguments import UsageError, parse
from cockpit.cli.installation import OverwrittenError, ensure_intact

OK, NEEDS_HUMAN, USAGE, FAILED = 0, 1, 2, 3
"""Exit statuses: all landed or ready as asked; something needs a human; bad usage; something failed."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        arguments = parse(sys.argv[1:] if argv is None else list(argv))
        ensure_intact()
        return arguments.carry_out(arguments)
    except UsageError as error:
        print(f"cockpit: {error}", file=sys.stderr)
        return USAGE
    except OverwrittenError as error:
        print(f"cockpit: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    except BrokenPipeError:
        return FAILED
