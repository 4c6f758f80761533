"""The suite: one test for each requirement of the catalogue."""
