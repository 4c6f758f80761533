"""Reports: each turns the same results into another form."""
