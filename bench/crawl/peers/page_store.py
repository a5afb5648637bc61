"""Pages and links in SQLite: the same for both peers, and much like the tables of our crawler."""

import sqlite3

from page import Page

BATCH = 200  # pages in a transaction

TABLES = """
CREATE TABLE urls(id INTEGER PRIMARY KEY, url TEXT NOT NULL);
CREATE TABLE fetched(id INTEGER PRIMARY KEY, status INTEGER NOT NULL, type TEXT NOT NULL, title TEXT, text_length INTEGER,
  bytes INTEGER NOT NULL);
CREATE TABLE links(from_id INTEGER NOT NULL, to_id INTEGER NOT NULL, kind TEXT NOT NULL);
CREATE VIEW pages AS SELECT * FROM fetched JOIN urls USING(id);
"""


class PageStore:
    """Text is not kept, but its length, as our crawler has it."""

    def __init__(self, file: str):
        self.db = sqlite3.connect(file, isolation_level=None)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.executescript(TABLES)
        self.ids: dict[str, int] = {}
        self.urls: list[tuple[int, str]] = []
        self.fetched: list[tuple[int, int, str, str | None, int | None, int]] = []
        self.links: list[tuple[int, int, str]] = []

    def id_of(self, url: str) -> int:
        number = self.ids.get(url)
        if number is None:
            number = self.ids[url] = len(self.ids) + 1
            self.urls.append((number, url))
        return number

    def add(self, url: str, status: int, content_type: str, size: int, page: Page | None) -> None:
        number = self.id_of(url)
        if page is None:
            self.fetched.append((number, status, content_type, None, None, size))
        else:
            self.fetched.append((number, status, content_type, page.title, len(page.text), size))
            self.links += [(number, self.id_of(target), kind) for target, kind in page.links]
        if len(self.fetched) >= BATCH:
            self.flush()

    def flush(self) -> None:
        self.db.execute("BEGIN")
        self.db.executemany("INSERT INTO urls VALUES(?, ?)", self.urls)
        self.db.executemany("INSERT INTO fetched VALUES(?, ?, ?, ?, ?, ?)", self.fetched)
        self.db.executemany("INSERT INTO links VALUES(?, ?, ?)", self.links)
        self.db.execute("COMMIT")
        self.urls, self.fetched, self.links = [], [], []

    def close(self) -> None:
        self.flush()
        self.db.close()
