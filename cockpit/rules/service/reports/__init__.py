"""Reports for people, for programs, and for forges that show findings beside the code."""

from cockpit.rules.service.reports.github import github
from cockpit.rules.service.reports.sarif import sarif
from cockpit.rules.service.reports.text import summary, text

__all__ = ["github", "sarif", "summary", "text"]
