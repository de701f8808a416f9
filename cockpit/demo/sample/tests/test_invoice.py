import unittest

from shop.cart import Cart, Item
from shop.invoice import render


class InvoiceTest(unittest.TestCase):
    def test_lists_items_and_total(self) -> None:
        cart = Cart([Item("tea", 500, 2)])
        self.assertEqual(render(cart), "2 x tea: 10.00 EUR\ntax: 1.90 EUR\ntotal: 11.90 EUR")
