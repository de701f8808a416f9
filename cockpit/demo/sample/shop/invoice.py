"""What a customer gets to read."""

from shop.cart import Cart
from shop.pricing import show, tax

TAX_PERCENT = 19


def render(cart: Cart) -> str:
    """Return the invoice as text."""
    lines = [f"{item.count} x {item.name}: {show(item.cents * item.count)}" for item in cart.items]
    total = cart.total()
    lines.append(f"tax: {show(tax(total, TAX_PERCENT))}")
    lines.append(f"total: {show(total + tax(total, TAX_PERCENT))}")
    return "\n".join(lines)
