"""The MCP server. Its library is large: nothing in here but `door` is imported before the first agent needs it."""
