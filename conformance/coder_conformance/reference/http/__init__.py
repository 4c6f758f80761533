"""The HTTP face: routing, authentication, decoding, rendering and streams."""
