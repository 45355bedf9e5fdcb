"""Tables, the search index on both databases, article files, the Chinese libraries."""
