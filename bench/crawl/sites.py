"""The sites that crawlers are measured on, and their servers."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contender import NOT_AVAILABLE, not_available

TOP = Path(__file__).resolve().parents[2]
CORPUS = TOP / "build/corpus"


@dataclass(frozen=True)
class Folder:
    """Of a Debian package, served by nginx with one worker."""

    path: Path
    start: str
    pages: int  # HTML that answers 200: what wget found, independently of all who take part
    page_names: str  # of those in a folder where a crawler puts files
    connections: int = 32

    def command(self, _build: Path) -> list[str]:
        return [sys.executable, str(TOP / "tools/serve_with_nginx.py"), "--root", str(self.path)]

    def warm_up(self) -> None:
        for file in self.path.rglob("*"):
            if file.is_file():
                file.read_bytes()


@dataclass(frozen=True)
class Computed:
    """Of our own server, which lets every answer wait."""

    pages: int
    delay_ms: int
    connections: int
    start: str = ""
    page_names: str = "*"

    def command(self, build: Path) -> list[str]:
        return [str(build / "samples/serve/serve"), "--port", "0", "--synthetic", str(self.pages), "--delay", str(self.delay_ms)]

    def warm_up(self) -> None:
        pass


def site_of(problem: str, operations: int) -> Folder | Computed:
    match problem:
        case "python3.11-doc":
            folder = CORPUS / problem / "usr/share/doc/python3.11/html"
            return Folder(folder, start="index.html", pages=526, page_names="*.html")
        case "cppreference-doc-en-html":
            folder = CORPUS / problem / "usr/share/cppreference/doc/html"
            return Folder(folder, start="en/Main_Page.html", pages=4389, page_names="*.html")
        case "answers_after_50_ms":
            return Computed(pages=operations, delay_ms=50, connections=256)
    sys.exit(f"no such site: {problem}")


@contextlib.contextmanager
def served(site: Folder | Computed, build: Path) -> Iterator[str]:
    """Gives the URL to start from."""
    if isinstance(site, Folder) and not (site.path / site.start).is_file():
        sys.exit(f"{site.path} does not have {site.start}: ./dev bench unpacks it")
    site.warm_up()
    server = subprocess.Popen(site.command(build), stdout=subprocess.PIPE, text=True)
    try:
        line = server.stdout.readline()  # "serving WHAT on URL", once it listens
        if not line:
            command = " ".join(server.args)
            if server.wait() == NOT_AVAILABLE:
                not_available(f"this server cannot be had here: {command}")
            sys.exit(f"the server ended with {server.returncode}: {command}")
        yield line.split()[-1] + site.start
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
