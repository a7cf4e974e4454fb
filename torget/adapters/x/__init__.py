"""X, for municipalities that have decided to pay for it."""
