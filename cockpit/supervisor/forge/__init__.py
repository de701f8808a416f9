"""Forges: candidates for a rule made from what a person pointed at, judged, and shown as they come."""
