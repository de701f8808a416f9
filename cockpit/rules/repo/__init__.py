"""What rules keep: their files in `.cockpit/`, the baseline, and verdicts on content that has not changed."""
