// What `linnet check --diagnostics json` prints → places an editor can mark. No editor is needed.
"use strict";

const NEWLINE = 0x0a;
const MARK = [0xef, 0xbb, 0xbf]; // a byte order mark, which an editor does not show

/** A byte offset as line and UTF-16 column, both from 0. */
function positionOf(bytes, offset) {
  const end = Math.min(offset, bytes.length);
  let begin = MARK.every((byte, i) => bytes[i] === byte) ? MARK.length : 0;
  let line = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0 && at < end; at = bytes.indexOf(NEWLINE, at + 1)) {
    begin = at + 1;
    ++line;
  }
  return { line, character: bytes.subarray(begin, Math.max(begin, end)).toString("utf8").length };
}

function rangeOf(entry, bytes) {
  const start = positionOf(bytes, entry.offset);
  const end = positionOf(bytes, Math.max(entry.end_offset, entry.offset + 1));
  return { start, end };
}

/** Of a message in another file, or in none: the first line. */
const NOWHERE = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

function placed(entry, file) {
  return entry.file === file && Number.isInteger(entry.offset);
}

function titled(entry, file) {
  const place = entry.file ? `${entry.file}:${entry.line}:${entry.column}` : entry.place;
  return placed(entry, file) || !place ? entry.message : `${place}: ${entry.message}`;
}

/**
 * The lines of `output` that are messages, each as {severity, range, message, related}. `file` is
 * the name linnet was given, `bytes` what was in it. Lines that are no JSON are left out.
 */
function diagnostics(output, file, bytes) {
  const found = [];
  for (const line of output.split("\n")) {
    if (!line.startsWith("{")) continue;
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      continue;
    }
    const help = entry.help ? `\nhelp: ${entry.help}` : "";
    const notes = entry.notes ?? [];
    const elsewhere = notes.filter((note) => !placed(note, file));
    found.push({
      severity: entry.severity,
      range: placed(entry, file) ? rangeOf(entry, bytes) : NOWHERE,
      message:
        titled(entry, file) + elsewhere.map((note) => `\nnote: ${titled(note, file)}`).join("") + help,
      related: notes
        .filter((note) => placed(note, file))
        .map((note) => ({ range: rangeOf(note, bytes), message: note.message })),
    });
  }
  return found;
}

module.exports = { diagnostics, positionOf };
