#!/usr/bin/env python3
"""Crawls a site with aiohttp and lxml, as many do by hand: so many tasks that take URLs from one queue.

usage: aiohttp_site.py URL DATABASE CONNECTIONS
"""

import asyncio
import sys
from urllib.parse import urlsplit

import aiohttp
import lxml.html
import yarl
from page import in_scope, read_page
from page_store import PageStore


class Crawl:
    def __init__(self, start: str, store: PageStore):
        parts = urlsplit(start)
        self.site = f"{parts.scheme}://{parts.netloc}"
        self.store = store
        self.seen: set[str] = set()  # as written, and as fetched
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.discover(start)

    def discover(self, target: str) -> None:
        if target in self.seen:
            return
        self.seen.add(target)
        if in_scope(target, self.site):
            url = str(yarl.URL(target))  # one spelling for all ways to percent-encode it
            if url == target or url not in self.seen:
                self.seen.add(url)
                self.queue.put_nowait(url)

    async def run(self, connections: int) -> None:
        connector = aiohttp.TCPConnector(limit=connections)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            workers = [asyncio.create_task(self.work(session)) for _ in range(connections)]
            done = asyncio.create_task(self.queue.join())
            await asyncio.wait([done, *workers], return_when=asyncio.FIRST_COMPLETED)
            for worker in workers:
                worker.cancel()
            for result in await asyncio.gather(*workers, return_exceptions=True):
                if not isinstance(result, asyncio.CancelledError):
                    raise result

    async def work(self, session: aiohttp.ClientSession) -> None:
        while True:
            url = await self.queue.get()
            await self.visit(session, url)
            self.queue.task_done()

    async def visit(self, session: aiohttp.ClientSession, url: str) -> None:
        async with session.get(yarl.URL(url, encoded=True)) as response:
            body = await response.read()
        page = None
        if response.content_type == "text/html" and response.status == 200 and body:
            parser = lxml.html.HTMLParser(encoding=response.charset)
            page = read_page(lxml.html.document_fromstring(body, parser=parser), str(response.url))
            for target, _ in page.links:
                self.discover(target)
        self.store.add(url, response.status, response.content_type, len(body), page)


def main() -> None:
    start, database, connections = sys.argv[1:]
    store = PageStore(database)
    asyncio.run(crawl(start, store, int(connections)))
    store.close()


async def crawl(start: str, store: PageStore, connections: int) -> None:
    await Crawl(start, store).run(connections)


if __name__ == "__main__":
    main()
