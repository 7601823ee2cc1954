"""What the source pushes: read, judged line by line, and taken."""
