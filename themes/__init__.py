"""Theme files that come with the cockpit; a person's own have the same form and live in the config folder."""
