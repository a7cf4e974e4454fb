"""What the pages of the desk need from the database."""
