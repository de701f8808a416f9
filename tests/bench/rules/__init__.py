"""How good the rules made from examples are: cases with an oracle, real code bases, and the measuring of it."""
