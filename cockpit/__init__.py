"""Cockpit: a terminal cockpit for steering many coding agents. Humans steer, agents execute."""

__version__ = "0.1.0"
