"""A member in a partner's tongue, and read back."""
