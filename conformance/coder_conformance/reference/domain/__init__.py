"""The things a deployment consists of, and the tables that hold them."""
