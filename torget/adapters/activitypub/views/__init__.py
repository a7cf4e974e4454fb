"""Pages and documents of the fediverse: for other servers, and for staff."""
