"""Counterfactual films: what happens, or what is to be seen, changed on purpose and watched before it is believed.

A folder, because moving frames about and painting over them are ideas of their own: the first is a list of indices and
costs no encoder call where a frame's feature depends on no other frame, the second always does.

Sources: Li et al., TempCompass, ACL 2024 Findings, arXiv:2403.00476 (reversed films, same static content); Wang et al.,
Decoupling the Scene and the Motion, AAAI 2021, arXiv:2009.05757 (either broken while the other is kept; how each is
broken here is our own, and can be watched).
"""
