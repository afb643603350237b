"""Answers as files to take away, one writer for each format, the same for the page and the command line.

Each takes the outcomes of one answer, whatever their kind, and every file says how it was made.
"""
