"""What is read of the English language: the words of its sentences, and the lexicons that edits choose from.

Separate because it alone knows the tagger's library and the files of lexicons; edits themselves are pure.
"""
