"""Rules in the sessions and the merge queue: what is in force, who decides, who is told, and what becomes of them."""
