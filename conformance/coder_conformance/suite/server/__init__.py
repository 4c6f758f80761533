"""Tests of a server, on raw HTTP."""
