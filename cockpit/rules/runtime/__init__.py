"""Carries rules out: ast-grep's program, import graphs, and the scan that brings all engines together."""
