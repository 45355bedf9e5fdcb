"""Tiny real models for the recogniser, made here from synthetic voices in half a minute.

One knows a few words in Mandarin and Cantonese, one a few English ones (`words`). They are written
byte by byte and loaded by the unmodified library. They say nothing about real people's speech: they
prove the path. `kit.tiny_model()` is what tests ask for; numpy is used in the process that builds
them, nowhere else.
"""
