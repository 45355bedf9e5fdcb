"""The worker's process: takes a caller's audio, speaks the phrases, listens, tells how it ended.

One event loop moves the audio; a few threads of lower priority recognise, because the library lets
the interpreter go while it works. It is started by the platform (`speech.adapters.worker_process`),
spoken to in lines (`speech.core.wire`) over its standard input and output, and gone with them.
"""
