"""What rules keep: their files in `.cockpit/`, the baseline, and verdicts on content that has not changed."""

from cockpit.rules.repo.places import FOLDER
from cockpit.rules.repo.reading import read_files, read_rules, typed_body

__all__ = ["FOLDER", "read_files", "read_rules", "typed_body"]
