"""What cockpit.toml says: the sections of all domains, composed, with every mistake told with its line.

Each section's model lives in its own domain's `config.py`; this room only reads files and puts the sections together.
"""

from cockpit.config.errors import ConfigError, Problem
from cockpit.config.load import FILE_NAME, USER_CONFIG, load, parse, reload
from cockpit.config.model import Config
from cockpit.config.ui import UiConfig

__all__ = ["FILE_NAME", "USER_CONFIG", "Config", "ConfigError", "Problem", "UiConfig", "load", "parse", "reload"]
