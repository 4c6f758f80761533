"""Sends a reference server whatever might bring it down, and watches how it takes that."""
