"""What somebody is about to buy."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Item:
    """A product and how many of it."""

    name: str
    cents: int
    count: int = 1


@dataclass
class Cart:
    """Items, in the order they were added."""

    items: list[Item] = field(default_factory=list)

    def add(self, item: Item) -> None:
        """Put an item into the cart."""
        self.items.append(item)

    def total(self) -> int:
        """Return the price of everything, in cents."""
        return sum(item.cents * item.count for item in self.items)
