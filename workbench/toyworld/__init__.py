"""The synthetic world: short films of shapes that do things, with the exact answer to every question.

A film is a ``Story`` (who is there when, doing what); ``render`` draws it, ``grammar`` speaks about it,
``truth`` answers questions about it, ``dataset`` writes it to disk, ``training`` teaches models with it.
"""
