"""What the suite finds of servers and clients that are wrong, in how many seconds."""
