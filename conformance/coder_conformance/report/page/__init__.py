"""The HTML pages: one file each, with nothing loaded from anywhere."""
