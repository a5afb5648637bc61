// Writes data/url_cases.tsv: what a browser makes of each (base, href). Run: node url_cases.mjs > data/url_cases.tsv
// A line is: base TAB href TAB expected, the first two as JSON strings. Expected is the URL without its fragment, or
// `!scheme NAME` for one that is not http(s), or `!malformed`.
//
// A browser leaves some characters in paths and queries that RFC 3986 forbids; the crawler percent-encodes them, so
// the same is done here, to the browser's result.
const page = "http://host/dir/page.html?q=1#frag";
const cases = [
    [page, ""], [page, "#top"], [page, "?x=2"], [page, "?"], [page, "other.html"], [page, "./other.html"],
    [page, "../up.html"], [page, "../../above.html"], [page, "../../../../a/../b"], [page, "."], [page, ".."],
    [page, "./"], [page, "../"], [page, "..."], [page, "a/.."], [page, "a/./b"], [page, "a/../b"], [page, "/"],
    [page, "/rooted"], [page, "/../x"], [page, "/./x"], [page, "/a/b/../../c"], [page, "/a//b"], [page, "/a//../b"],
    [page, "//other.example/x"], [page, "//other.example"], [page, "///three/x"], [page, "////four/x"],
    [page, "/%2e/x"], [page, "/a/%2e%2e/x"], [page, "/a/.%2E/x"], [page, "/a/%2E./x"], [page, "/a/%2e%2e"],
    [page, "/a/%2f../x"], [page, "%2e%2e%2fx"], [page, "  spaced.html  "], [page, "two words.html"],
    [page, "tab\tnew\nline\r.html"], [page, "\u0000\u001flead.html"], [page, "a|b"], [page, "a{b}c"], [page, "a<b>c\"d"],
    [page, "a`b^c"], [page, "a[0].html"], [page, "?a[0]=1|2{3}'4'"], [page, "?q=a b\"c<d>"], [page, "?q=\\back"],
    [page, "?q=a?b/c:d@e"], [page, "\\"], [page, "\\back\\slash"], [page, "a\\b"], [page, "\\\\other.example\\x"],
    [page, "/\\other.example/x"], [page, "http:\\\\other.example\\x"], [page, "https:/\\other.example/x"],
    [page, "caf\u00e9.html"], [page, "?q=caf\u00e9"], [page, "/\u65e5\u672c"], [page, "/\u{1f600}"], [page, "%41%zz%"],
    [page, "100%.html"], [page, "%c3%a9"], [page, "a'b(c)*d!e$f&g+h,i;j=k:l@m~n"], [page, "x;p=1"],
    [page, "a#b#c"], [page, "a?b#c?d"], [page, "http://Other.EXAMPLE/Path"], [page, "HTTP://other.example/"],
    [page, "http://other.example"], [page, "http://other.example?x"], [page, "http://other.example#x"],
    [page, "http://other.example:80/"], [page, "http://other.example:8080/"], [page, "https://other.example:443/"],
    [page, "https://other.example:80/"], [page, "http://other.example:/"], [page, "http://other.example:0080/"],
    [page, "http://other.example:65536/"], [page, "http://other.example:8a/"], [page, "http://:80/"],
    [page, "http://user@other.example/"], [page, "http://user:pass@other.example/"], [page, "http://u:@other.example/"],
    [page, "http://@other.example/"], [page, "http://a@b@other.example/"], [page, "http://a:b:c;d@other.example/"],
    [page, "http:other.html"], [page, "http:/rooted"], [page, "http://"], [page, "https:"], [page, "http:"],
    [page, "https:other.example/x"], [page, "http:///triple.example/x"], [page, "http://ho st/"],
    [page, "http://ho%41st/"], [page, "http://ho%20st/"], [page, "http://a<b/"], [page, "http://a_b-c.d/"],
    [page, "http://127.1/"], [page, "http://0x7f.0.0.1/"], [page, "http://0177.0.0.1/"], [page, "http://2130706433/"],
    [page, "http://256.1.1.1/"], [page, "http://1.2.3.4.5/"], [page, "http://1.2.3.4./"], [page, "http://1.2.3.08/"],
    [page, "http://4294967296/"], [page, "http://a.1b/"], [page, "http://a.0x1g/"], [page, "http://[::1]/"], [page, "http://[::1]:8080/x"],
    [page, "http://[1:0:0:2:0:0:0:3]/"], [page, "http://[0:0:0:0:0:0:0:0]/"], [page, "http://[::FFFF:1.2.3.4]/"],
    [page, "http://[1:2:3:4:5:6:7:0]/"], [page, "http://[::1/"], [page, "http://[zz]/"], [page, "javascript:void(0)"],
    [page, "JavaScript:alert('x')"], [page, "mailto:me@x.example"], [page, "data:text/plain,x"], [page, "tel:+1-2"],
    [page, "ftp://x.example/y"], [page, "file:///etc/passwd"], [page, "about:blank"], [page, " java\nscript:x"],
    [page, "c:foo"], [page, "1a:b"], [page, ":colon"], [page, "a/b:c"], [page, "./a:b"], [page, "a b:c"],
    ["http://host", "x"], ["http://host/a/b/", ".."], ["http://host/a/b/", "../.."], ["http://host/a/b", "?"],
    ["https://host:8443/a", "//x:8443/"], ["http://host:8000/a/", "/b"], ["http://u:p@host/a", "b"],
    ["http://host/a%2fb/c", "../d"], ["http://host/a b/c", "d"], ["http://host/a?b=/c/d", "e"], ["http://host/a//", "../b"],
    [null, "http://host"], [null, "HTTP://HOST:80/A/../B?c#d"], [null, "relative"], [null, "//host/x"], [null, ""],
    [null, "http:host/x"], [null, "localhost:8000"], [null, "http://host/a/b/c/../../../../../d"],
];

const escape = (c) => "%" + c.charCodeAt(0).toString(16).toUpperCase();
const encodeForbidden = (s) => s.replace(/%(?![0-9a-fA-F]{2})/g, "%25").replace(/[|^[\]`{}\\"<>]/g, escape);

function expected(base, href) {
    let u;
    try {
        u = base === null ? new URL(href) : new URL(href, base);
    } catch {
        return "!malformed";
    }
    if (u.protocol !== "http:" && u.protocol !== "https:") return "!scheme " + u.protocol.slice(0, -1);
    u.hash = "";
    const head = u.href.replace(/#$/, "");
    const rest = head.indexOf("/", u.protocol.length + 2);
    return head.slice(0, rest) + encodeForbidden(head.slice(rest));
}

const ascii = (s) => JSON.stringify(s).replace(/[\u007f-\uffff]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
for (const [base, href] of cases) console.log([ascii(base), ascii(href), expected(base, href)].join("\t"));
