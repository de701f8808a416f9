"""Any other program in a terminal: its screen is shown, keys reach it, and its state is read off the screen."""
