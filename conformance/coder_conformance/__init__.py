"""Conformance suite for the Coder workspaces API, with a reference server."""
