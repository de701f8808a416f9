"""Codex: a bridge from `codex app-server` to our own events."""
