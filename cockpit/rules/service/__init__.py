"""What rules decide: pure functions over rules, paths and text. Nothing runs here."""
