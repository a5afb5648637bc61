// Writes data/encodings.tsv: what a browser reads in the encodings of the web. Run: node encodings.mjs > data/encodings.tsv
// A line is: label TAB bytes in hexadecimal TAB text, as a JSON string. Node has neither ISO 8859-16 nor x-user-defined,
// and differs from the standard in windows-1252 and in parts of Big5, EUC-KR and GBK: charset_test.cpp has those.
const high = Array.from({ length: 128 }, (_, i) => 128 + i);
const single = [
    "ibm866", "iso-8859-2", "iso-8859-3", "iso-8859-4", "iso-8859-5", "iso-8859-6", "iso-8859-7", "iso-8859-8", "iso-8859-8-i", "iso-8859-10",
    "iso-8859-13", "iso-8859-14", "iso-8859-15", "koi8-r", "koi8-u", "macintosh", "windows-874", "windows-1250", "windows-1251",
    "windows-1253", "windows-1254", "windows-1255", "windows-1256", "windows-1257", "windows-1258", "x-mac-cyrillic",
];
const bytes = (hex) => hex.split(" ").map((byte) => parseInt(byte, 16));
const double = {
    "gbk": "d6 d0 ce c4 41", "gb2312": "d6 d0", "gb18030": "81 30 89 38 e3 32 9a 35 84 31 a4 37",
    "big5": "a4 a4 a4 e5 41", "euc-jp": "c6 fc cb dc 8e b1 8f b0 a1 41", "shift_jis": "93 fa 96 7b b1 5c 7e 81 60 87 40",
    "iso-2022-jp": "1b 24 42 46 7c 4b 5c 1b 28 42 41", "euc-kr": "c7 d1 b1 db 41", "utf-16le": "41 00 3d d8 00 de", "utf-16be": "00 41 d8 3d de 00",
    "utf-8": "41 c3 a9 e2 82 ac f0 9f 98 80 ff e2 82 41 f0 9f 98 c0 af ed a0 80 f4 90 80 80 e2",
};
const line = (label, input) => [label, Buffer.from(input).toString("hex"), JSON.stringify(new TextDecoder(label).decode(new Uint8Array(input)))].join("\t");
for (const label of single) console.log(line(label, high));
for (const [label, hex] of Object.entries(double)) console.log(line(label, bytes(hex)));
