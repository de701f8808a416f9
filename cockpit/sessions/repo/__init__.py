"""What sessions read from disk."""

from cockpit.sessions.repo.task_file import TaskFileError, parse_tasks, read_tasks

__all__ = ["TaskFileError", "parse_tasks", "read_tasks"]
