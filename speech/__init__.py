"""Speech: listens to a caller, so that a word does what a key does.

Words: a *model* is a folder that a recogniser knows one or more languages from; a *worker* is the
process that holds one model; an *ear* is one listening of one caller, named by a secret that is
used once.

Guarantees:

* the recogniser runs in a process of its own, whose death, sleep or madness ends no call: whoever
  was being listened to is told `InputKind.DEAF` and goes on with keys within 3 s;
* a worker that dies is started again, ever more slowly; one that does not say that it lives is
  killed first;
* no model reaches the recogniser's library in a worker before it was checked and tried in a process
  that may die;
* without a model nothing of this is started, and nothing is ever listened to.

It does *not* decide what a word means (that is `ivr`), keeps no audio, and knows of the telephone
system only the wire that brings the audio (`speech.core.audiosocket`).
"""
