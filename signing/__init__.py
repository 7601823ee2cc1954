"""Who said it, and that nothing was changed since."""
