"""Prints the configuration reference: `python -m cockpit.config`."""

import sys

from cockpit.config.reference import reference

sys.stdout.write(reference().rstrip() + "\n")
