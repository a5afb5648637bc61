// What a browser makes of a reference: Node's `URL` is an implementation of the same standard.

/** The URL without its fragment, `!scheme NAME` for one that is not http(s), or `!malformed`. */
export function expected(base, href) {
    let url;
    try {
        url = base === null ? new URL(href) : new URL(href, base);
    } catch {
        // The rest of a URL that is not fetched is nobody's business.
        const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(href.replace(/^[\0- ]+|[\t\n\r]/g, ""))?.[1].toLowerCase();
        return scheme && scheme !== "http" && scheme !== "https" ? "!scheme " + scheme : "!malformed";
    }
    if (url.protocol !== "http:" && url.protocol !== "https:") return "!scheme " + url.protocol.slice(0, -1);
    url.hash = "";
    return url.href.replace(/#$/, "");
}

const asciiJson = (text) =>
    JSON.stringify(text?.toWellFormed() ?? null).replace(/[\u007f-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));

/** A line of a file of cases: base TAB href TAB expected, the first two as JSON strings in ASCII. */
export const line = (base, href) => [asciiJson(base), asciiJson(href), expected(base, href)].join("\t");
