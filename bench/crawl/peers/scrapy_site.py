#!/usr/bin/env python3
"""Crawls a site with Scrapy: a spider, and a pipeline that stores what it finds.

usage: scrapy_site.py URL DATABASE CONNECTIONS
"""

import sys
from urllib.parse import urlsplit

import scrapy
from page import in_scope, read_page
from page_store import PageStore
from scrapy.crawler import CrawlerProcess
from scrapy.http import HtmlResponse


class SiteSpider(scrapy.Spider):
    name = "site"

    def __init__(self, start: str, **others):
        super().__init__(**others)
        parts = urlsplit(start)
        self.site = f"{parts.scheme}://{parts.netloc}"
        self.start = start
        self.seen = {start}

    def start_requests(self):
        yield scrapy.Request(self.start)  # not as start_urls, which are fetched again where a page links to them

    def parse(self, response):
        page = None
        if isinstance(response, HtmlResponse) and response.status == 200:
            page = read_page(response.selector.root, response.url)
        content_type = response.headers.get("Content-Type", b"").decode("latin-1")
        yield {"url": response.url, "status": response.status, "type": content_type, "size": len(response.body), "page": page}
        for target, _ in page.links if page else ():
            # Scrapy leaves out what it has seen, too, but makes a request of each link to know it again.
            if target not in self.seen:
                self.seen.add(target)
                if in_scope(target, self.site):
                    yield scrapy.Request(target)


class StorePipeline:
    def __init__(self, database: str):
        self.store = PageStore(database)

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler.settings["DATABASE"])

    def process_item(self, item, spider):
        self.store.add(item["url"], item["status"], item["type"], item["size"], item["page"])
        return item

    def close_spider(self, spider):
        self.store.close()


def main() -> None:
    start, database, connections = sys.argv[1:]
    process = CrawlerProcess({
        "DATABASE": database,
        "CONCURRENT_REQUESTS": int(connections),
        "CONCURRENT_REQUESTS_PER_DOMAIN": int(connections),
        "ROBOTSTXT_OBEY": False,
        "HTTPERROR_ALLOW_ALL": True,  # broken pages are stored, too
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REQUEST_FINGERPRINTER_IMPLEMENTATION": "2.7",
        "LOG_LEVEL": "ERROR",
        "ITEM_PIPELINES": {StorePipeline: 300},
    })
    crawler = process.create_crawler(SiteSpider)
    process.crawl(crawler, start=start)
    process.start()
    # Scrapy ends well whatever happens in a spider.
    errors = crawler.stats.get_value("log_count/ERROR", 0)
    if errors or crawler.stats.get_value("finish_reason") != "finished":
        sys.exit(f"{errors} errors")


if __name__ == "__main__":
    main()
