"""The same senses for every agent: the cockpit's own tools, served over MCP to each session in its own workspace."""
