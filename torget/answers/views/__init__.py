"""Pages of the answers: public, and for staff."""
