"""Ready bytes: public pages that are the same for everyone, made by one request and given to all who ask."""
