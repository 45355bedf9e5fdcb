"""The shared administrative information base: articles that operators read out, and their search.

Words: an `article` answers one matter of citizens and belongs to one `team` and one `owner` (an
authority); each change is a `version`, one of which is `published`; a `hit` is an article found,
with the places where it matched; a `use` says that an article was opened or read out in a call;
a `flag` is an operator's report that it is outdated or wrong; a `zero result` is a question that
found nothing, kept because it names the next article to be written.

Guarantees: a search word of two or more characters finds every published article that contains
it (in simplified or traditional characters, full or half width), on SQLite and PostgreSQL alike
and in the same order; search input never reaches the database as query syntax; an article that
is not valid today is never suggested and is shown marked and last.

Does not: keep cases, know who the caller is, or learn from calls.
"""
