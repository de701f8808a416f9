"""What the changes domain decides: reading diffs, the merge queue's next step, unattended approval. No I/O here."""
