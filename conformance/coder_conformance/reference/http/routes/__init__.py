"""One module for each kind of resource; every function is named after its operation."""
