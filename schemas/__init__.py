"""What things look like: our words as frozen Python, formats as XSD, the database on one page."""
