"""What is in a page, by lxml: the same for both peers, once each has a tree in its own way."""

from dataclasses import dataclass, field
from urllib.parse import urldefrag, urljoin, urlsplit

from lxml import etree

# The elements that our crawler follows, but for what style sheets refer to.
REFERRERS = {
    "a": "href", "area": "href", "link": "href", "img": "src", "script": "src", "iframe": "src", "frame": "src",
    "source": "src", "object": "data", "video": "src",
}


@dataclass(frozen=True)
class Page:
    title: str
    text: str = field(repr=False)
    links: list[tuple[str, str]] = field(repr=False)  # (URL, element), each once


def read_page(root: etree._Element, base: str) -> Page:
    """Takes scripts and styles out of the tree."""
    title = root.find(".//title")
    named_base = root.find(".//base[@href]")
    if named_base is not None:
        base = urljoin(base, named_base.get("href"))
    links = links_of(root, base)
    etree.strip_elements(root, "script", "style", with_tail=False)
    body = root.find("body")
    return Page(
        title="" if title is None else " ".join((title.text or "").split()),
        text=" ".join("".join(body.itertext(etree.Element)).split()),
        links=links,
    )


def links_of(root: etree._Element, base: str) -> list[tuple[str, str]]:
    found = {}
    for element in root.iter(*REFERRERS):
        reference = element.get(REFERRERS[element.tag])
        if not reference or reference.startswith("#"):
            continue
        try:
            url = urldefrag(urljoin(base, reference.strip())).url
        except ValueError:
            continue  # it is no URL
        found[url, element.tag] = None
    return list(found)


def in_scope(url: str, site: str) -> bool:
    """Of the same scheme, host and port."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return f"{parts.scheme}://{parts.netloc}" == site
