"""The client's tests against its wheel, on every interpreter and with old and new dependencies."""
