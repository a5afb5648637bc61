// Reads a WARC file with warcio and prints a line of JSON for each record.
//
// usage: node archive_check.mjs NODE_FOLDER FILE
//
// NODE_FOLDER is where `node_modules` is. `decoded` is the SHA-1 of the body as warcio gives it to a browser: without chunks and
// compression. The digests that the records name are checked with warcio's reader and Node's SHA-1.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [folder, file] = process.argv.slice(2);
const { CDXIndexer, WARCParser } = createRequire(resolve(folder) + "/")("warcio");

const sha1 = (bytes) => createHash("sha1").update(bytes);

function base32(bytes) {
    const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
    return bits.match(/.{5}/g).map((five) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[parseInt(five, 2)]).join("");
}

/** The blocks as they are. */
async function blockDigests() {
    const found = [];
    for await (const record of new WARCParser(createReadStream(file), { parseHttp: false })) {
        found.push("sha1:" + base32(sha1(await record.readFully(false)).digest()));
    }
    return found;
}

const digests = await blockDigests();
for await (const record of new WARCParser(createReadStream(file))) {
    const content = await record.readFully(true);
    const told = {
        type: record.warcType,
        url: record.warcTargetURI ?? null,
        id: record.warcHeader("WARC-Record-ID"),
        blockFits: digests.shift() === record.warcBlockDigest,
        status: record.httpHeaders?.statusCode ?? null,
        decoded: content ? sha1(content).digest("hex") : null,
        refersTo: record.warcRefersToTargetURI ?? null,
        concurrentTo: record.warcConcurrentTo ?? [],
    };
    console.log(JSON.stringify(told));
}

// Its index finds every response by where its gzip member begins.
const indexed = [];
for await (const entry of new CDXIndexer({ format: "json" }).iterIndex([{ filename: file, reader: createReadStream(file) }])) indexed.push(entry);
console.log(JSON.stringify({ type: "index", entries: indexed.map((entry) => ({ url: entry.url, offset: Number(entry.offset), length: Number(entry.length) })) }));
