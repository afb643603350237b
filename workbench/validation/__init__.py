"""Is every instrument right? Each against truth that was planted, and against the implementation the field goes by.

Separate from the analyses, which it asks as anybody would: films on disk, the library, one question at a time. What is
slow here is slow on purpose: it is written from the definitions, and shares nothing with what it is held against.
"""
