"""What runs a session's agent: its resident runner, and the following of what it prints."""
