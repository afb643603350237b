"""The laboratory: tests, the small models and films they run on, and the servers they start."""
