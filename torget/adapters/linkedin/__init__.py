"""The municipality's page on LinkedIn."""
