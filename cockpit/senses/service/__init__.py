"""What the tools decide: whose a token is, how often one may ask, and how much is said. No I/O, no clock."""
