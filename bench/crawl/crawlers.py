"""The crawlers that are measured: how each is called, and how many pages it says it found."""

import importlib.util
import shutil
import sqlite3
import sys
from pathlib import Path
from urllib.parse import unquote

from contender import not_available

PEERS = Path(__file__).resolve().parent / "peers"
SERVER_ERROR = 8  # what wget2 says when some link is broken


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
    def __init__(self, program: str, *packages: str):
        self.program = program
        self.packages = packages

    def command(self, url: str, folder: Path, connections: int) -> list[str]:
        for package in self.packages:
            if importlib.util.find_spec(package) is None:
                not_available(f"this Python does not have {package}")
        return [sys.executable, str(PEERS / self.program), url, str(folder / "crawl.db"), str(connections)]


def crawler_of(name: str, build: Path) -> Crawler:
    match name:
        case "braid":
            return Braid(build)
        case "braid_inline":
            return Braid(build, "--workers", "0")
        case "wget2":
            return Wget2()
        case "scrapy":
            return PythonPeer("scrapy_site.py", "scrapy", "lxml")
        case "aiohttp":
            return PythonPeer("aiohttp_site.py", "aiohttp", "lxml")
    sys.exit(f"no such crawler: {name}")


NAMES = ("braid", "braid_inline", "wget2", "scrapy", "aiohttp")
