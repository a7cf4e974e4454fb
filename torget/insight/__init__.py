"""Measures over all rooms: what waits, how soon it is answered, and what residents found by themselves."""
