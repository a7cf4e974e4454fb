"""Comments on the municipality's YouTube channel."""
