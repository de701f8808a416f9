"""What the native agent can do in its workspace."""
