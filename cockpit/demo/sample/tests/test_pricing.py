import unittest

from shop.pricing import show, tax


class PricingTest(unittest.TestCase):
    def test_shows_cents(self) -> None:
        self.assertEqual(show(1905), "19.05 EUR")

    def test_tax_of_a_round_amount(self) -> None:
        self.assertEqual(tax(1000, 19), 190)
