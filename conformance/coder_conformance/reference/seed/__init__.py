"""What a deployment contains when it starts."""
