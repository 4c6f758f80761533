"""Generates the package coder_workspaces from the contract. See generator/README.md."""
