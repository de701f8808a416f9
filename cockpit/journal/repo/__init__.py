"""What the journal keeps on disk: rows in order, snapshots, and who reads them."""

from cockpit.journal.repo.journal import MAX_WAITING_BYTES, MAX_WAITING_ROWS, Journal
from cockpit.journal.repo.row import Row

__all__ = ["MAX_WAITING_BYTES", "MAX_WAITING_ROWS", "Journal", "Row"]
