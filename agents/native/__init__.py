"""Our own coding agent, on any endpoint that speaks the Responses API or Chat Completions."""
