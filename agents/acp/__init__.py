"""Any agent that speaks the Agent Client Protocol (protocol 1), driven by a bridge that is a process of our own.

Claude Code is driven this way too, through its ACP adapter, and not by the stream-json of the `claude` command: the
adapter is built on the same SDK and gives the same permissions, partial messages and sessions, and with
`_session/steering` the redirect mid-turn; stream-json would add a second, undocumented protocol and nothing else.
"""
