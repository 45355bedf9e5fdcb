"""Titles of a few articles (port `workorders.ports.ArticleBook`)."""

from __future__ import annotations


class DictArticleBook:
    def __init__(self, **titles: str) -> None:
        self.titles = {name.replace("_", "-"): title for name, title in titles.items()}

    async def title(self, article_id: str) -> str | None:
        return self.titles.get(article_id)
