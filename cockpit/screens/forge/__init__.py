"""The forge as a person sees it: what they pointed at, its candidates and hits, what they write, what they accept."""
