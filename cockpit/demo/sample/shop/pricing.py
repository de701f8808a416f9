"""Every amount of money: calculated in cents, shown as text."""


def tax(cents: int, percent: int) -> int:
    """Return the tax on an amount, in cents."""
    return cents * percent // 100


def show(cents: int) -> str:
    """Return an amount as people read it."""
    return f"{cents // 100}.{cents % 100:02d} EUR"
