"""What approvals decide: what a request really asks for, which line covers it, and what no line may ever cover.

No parser can tell a safe command from a dangerous one; the sandbox is what holds. What is decided here is only whether
a human is asked, so every doubt is decided for asking.
"""
