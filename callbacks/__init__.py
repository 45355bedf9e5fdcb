"""Duty callbacks: citizens whom a person calls back, because no machine and no waiting did.

Words: a *task* is one citizen's number to be called by a person on duty; *why* it exists is its
kind (abandoned, callback_failed, message). A person *claims* it (and sees the number), notes each
*attempt*, and *closes* it with a result; closing can be undone.

Guarantees: every caller with a number who gave up waiting, and every callback that did not bring
its citizen, becomes a task or joins the open one of the same number; a citizen who reaches a person
meanwhile is not called. The number is shown to who claimed the task, and the claim is on record
before that. Events are kept until they are written, whatever the database does.

What it does not do: it dials nobody (the person does, at the booth's phone), and it knows nothing
of lines and turns: citizens who are called back by the distribution are `acd`'s.
"""
