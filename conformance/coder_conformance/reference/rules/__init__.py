"""Pure rules of the deployment: no state, no clock, no input or output."""
