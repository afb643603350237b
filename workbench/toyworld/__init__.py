"""The synthetic world: short videos of shapes that do things, with the exact answer to every question.

A video is a ``Story`` (who is there when, doing what); ``render`` draws it, ``grammar`` speaks about it,
``truth`` answers questions about it, ``dataset`` writes it to disk, ``training`` teaches models with it.
"""
