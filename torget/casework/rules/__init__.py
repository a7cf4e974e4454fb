"""What staff do with what was said."""
