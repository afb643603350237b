"""Frozen records that travel between the layers: the names and shapes are the contract.

Separate from everything else so that any layer may import it without importing another layer; a file for each question.
Axis words: ``time patch word token query item dim player coalition layer head``.
Units stand in names: ``_s`` seconds, ``_px`` pixels, ``_bytes`` bytes.
"""
