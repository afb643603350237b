"""Counterfactual sentences: one thing changed, grammar kept, so that a model must look to tell them from the true one.

A folder, because reading a sentence, inflecting a word and each family of edits are ideas of their own. Words come in
tagged, and lexicons as data: nothing here reads a file or runs a model.

Sources: Ma et al., RCAD / Feint6K, ECCV 2024, arXiv:2407.13094 (actions edited); Li et al., VITATECS, CVPR 2024,
arXiv:2311.17404 (one temporal aspect edited); Hsieh et al., SugarCrepe, NeurIPS 2023, arXiv:2306.14610 (edits must be
fluent, or a model that is blind tells them); Yuksekgonul et al., ICLR 2023, arXiv:2210.01936 (order of words).
"""
