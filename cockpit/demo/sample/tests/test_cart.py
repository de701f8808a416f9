import unittest

from shop.cart import Cart, Item


class CartTest(unittest.TestCase):
    def test_total_counts_every_item(self) -> None:
        cart = Cart()
        cart.add(Item("tea", 350, 2))
        cart.add(Item("cup", 1200))
        self.assertEqual(cart.total(), 1900)

    def test_empty_cart_costs_nothing(self) -> None:
        self.assertEqual(Cart().total(), 0)
