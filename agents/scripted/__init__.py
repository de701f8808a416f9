"""The scripted model: a local server that speaks four model protocols and follows a script file, at no cost.

It stands in for a paid model in the demo, the tests and for other vendors' agents; the screen says so
wherever it is used.
"""
