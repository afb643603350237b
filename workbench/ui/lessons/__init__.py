"""Lessons for a class: a prediction is asked before the answer is shown, and something is left to play with.

Separate from the page, whose visitors know what they want to see. The same analyses and figures, nothing of its own.
"""
