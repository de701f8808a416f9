"""What runs: the merge queue of one target branch, with its testing directories."""

from cockpit.changes.runtime.directories import DirectoryPool
from cockpit.changes.runtime.merge_queue import MergeQueue
from cockpit.changes.runtime.ports import Check, OnEvent, QueueGit

__all__ = ["Check", "DirectoryPool", "MergeQueue", "OnEvent", "QueueGit"]
