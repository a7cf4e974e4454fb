"""What staff do at the desk beyond one room."""
