"""What is on its way, and whether it arrived."""
