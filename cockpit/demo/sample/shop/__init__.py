"""A small web shop: cart, prices, invoices."""
