"""Pure: articles and their states, folding and tokens, queries, ranking, snippets."""
