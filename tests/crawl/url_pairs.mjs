// Writes what a browser makes of the references in a folder of HTML, as lines of url_oracle.mjs.
//
// usage: node url_pairs.mjs [--sample N] FOLDER...
//
// Each FOLDER is taken for the root of a site. Every (page, reference) pair is written; with --sample, N of them: those
// with a reference that is unlike all others first, in equal steps through the rest. `crawl_url_pairs FILE` compares them all.
//
// data/url_pairs.tsv: node url_pairs.mjs --sample 2000 FOLDER..., with the unpacked Debian packages python3.11-doc, sqlite3-doc
// and cppreference-doc-en-html.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { line } from "./url_oracle.mjs";

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };
const unescape = (text) =>
    text.replace(/&(#x[0-9a-f]+|#[0-9]+|[a-z]+);/gi, (whole, name) => {
        if (name[0] !== "#") return entities[name] ?? whole;
        return String.fromCodePoint(/^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10));
    });

function* pages(folder) {
    for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
        if (entry.isFile() && /\.html?$/.test(entry.name)) yield join(entry.parentPath ?? entry.path, entry.name);
    }
}

function* references(html) {
    const attribute = /<[a-z][^<>]*?\s(?:href|src|data)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))/gi;
    for (const [, double, single, bare] of html.matchAll(attribute)) yield unescape(double ?? single ?? bare);
}

/** What makes a reference one of its kind: letters and digits are as good as others. */
const shape = (href) => href.replace(/[a-z]+/gi, "a").replace(/[0-9]+/g, "0").replace(/(?:a0?|0a?)+/g, "a");

const settings = process.argv.slice(2);
const sample = settings[0] === "--sample" ? Number(settings.splice(0, 2)[1]) : Infinity;
const pairs = new Map(); // the base with the reference -> both
settings.forEach((folder, number) => {
    for (const page of [...pages(folder)].sort()) {
        const base = new URL(relative(folder, page).split("/").map(encodeURIComponent).join("/"), `http://site${number}.example/`);
        for (const href of references(readFileSync(page, "utf8"))) pairs.set(base.href + "\n" + href, [base.href, href]);
    }
});

let chosen = [...pairs.values()];
if (sample < chosen.length) {
    const shapes = new Set();
    const [odd, plain] = [[], []];
    for (const pair of chosen) {
        const kind = shape(pair[1]);
        (shapes.has(kind) ? plain : odd).push(pair);
        shapes.add(kind);
    }
    const every = (list, wanted) => list.filter((_, i) => Math.floor((i * wanted) / list.length) !== Math.floor(((i + 1) * wanted) / list.length));
    const odds = every(odd, Math.min(odd.length, Math.floor(sample * 0.7)));
    chosen = [...odds, ...every(plain, sample - odds.length)];
}
process.stdout.write(chosen.map(([base, href]) => line(base, href) + "\n").join(""));
