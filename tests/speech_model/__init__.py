"""A tiny real model for the recogniser, made here from synthetic voices in half a minute.

It knows the few words of `words.WORDS` in Mandarin and Cantonese, is written byte by byte, and is
loaded by the unmodified library. It says nothing about real people's speech: it proves the path.
`kit.tiny_model()` is what tests ask for; numpy is used in the process that builds it, nowhere else.
"""
