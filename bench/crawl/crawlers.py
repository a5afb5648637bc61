"""The crawlers that are measured: how each is called, and how many pages it says it found."""

import shutil
import sqlite3
import sys
from pathlib import Path
from urllib.parse import unquote

from contender import not_available

PEERS = Path(__file__).resolve().parent / "peers"
SERVER_ERROR = 8  # what wget2 says when some link is broken
USAGE_ERROR = 2  # what our crawler says when it does not know an option


class Crawler:
    accepted = (0,)  # exit codes

    def command(self, url: str, folder: Path, connections: int) -> list[str]:
        raise NotImplementedError

    def pages(self, folder: Path, page_names: str) -> int:
        """HTML pages that answered 200. The front page has two names, and others several spellings."""
        with sqlite3.connect(folder / "crawl.db") as result:
            found = result.execute("SELECT url FROM pages WHERE status = 200 AND type LIKE 'text/html%'")
            return len({unquote(url).removesuffix("/index.html").removesuffix("/") for (url,) in found})


class Braid(Crawler):
    def __init__(self, build: Path, *options: str):
        self.program = build / "samples/crawl/crawl"
        self.options = options

    def command(self, url: str, folder: Path, connections: int) -> list[str]:
        return [
            str(self.program), url, "--output", str(folder / "crawl.db"), "--quiet", "--allow-private", "--ignore-robots",
            "--concurrency", str(connections), "--per-host", str(connections), *self.options,
        ]


class BraidInline(Braid):
    """The same program; pages are parsed by the process that fetches them."""

    accepted = (0, USAGE_ERROR)

    def __init__(self, build: Path):
        super().__init__(build, "--workers", "0")

    def pages(self, folder: Path, page_names: str) -> int:
        if not (folder / "crawl.db").exists():
            not_available("this crawler always parses in workers")
        return super().pages(folder, page_names)


class Wget2(Crawler):
    """Writes pages into files; finds links, but neither keeps them nor looks at titles and text."""

    accepted = (0, SERVER_ERROR)

    def command(self, url: str, folder: Path, connections: int) -> list[str]:
        if shutil.which("wget2") is None:
            not_available("wget2 is not installed")
        return [
            "wget2", "--quiet", "--recursive", "--level=inf", "--no-robots", f"--max-threads={connections}",
            f"--directory-prefix={folder}", url,
        ]

    def pages(self, folder: Path, page_names: str) -> int:
        return sum(1 for file in folder.rglob(page_names) if file.is_file())


class PythonPeer(Crawler):
    """Says that it is not available, if its packages are missing."""

    def __init__(self, program: str):
        self.program = program

    def command(self, url: str, folder: Path, connections: int) -> list[str]:
        return [sys.executable, str(PEERS / self.program), url, str(folder / "crawl.db"), str(connections)]


def crawler_of(name: str, build: Path) -> Crawler:
    match name:
        case "braid":
            return Braid(build)
        case "braid_inline":
            return BraidInline(build)
        case "wget2":
            return Wget2()
        case "scrapy":
            return PythonPeer("scrapy_site.py")
        case "aiohttp":
            return PythonPeer("aiohttp_site.py")
    sys.exit(f"no such crawler: {name}")


NAMES = ("braid", "braid_inline", "wget2", "scrapy", "aiohttp")
