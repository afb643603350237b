"""The command line: verbs made from the same registry of analyses as the page."""
