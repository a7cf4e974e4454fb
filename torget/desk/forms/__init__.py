"""The shape of what staff send."""
