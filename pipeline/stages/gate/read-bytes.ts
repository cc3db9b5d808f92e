import { isUtf8 } from 'node:buffer';
import { createReadStream, createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import chardet from 'chardet';
import iconv from 'iconv-lite';

/** What one pass over the bytes of a text file tells. */
export interface ByteScan {
  bytes: number;
  bom: 'utf-8' | 'utf-16le' | 'utf-16be' | null;
  utf8: boolean;
  nuls: number;
  quotes: boolean;
  /** Bytes of the longest line. */
  longest: number;
  /** Physical lines, the last one also without a line end. */
  lines: number;
  /** Blank lines, from 1; the first `MAX_BLANK` of them. */
  blankLines: number[];
  lineEnd: '\n' | '\r\n' | 'mixed';
  /** Lines that are not ASCII, for telling a legacy encoding; at most 64 KB. */
  foreign: Buffer;
}

export const MAX_BLANK = 100_000;
const CHUNK = 1 << 21;
const LF = 10;
const CR = 13;

/** Reads a file once, without copying it. */
export async function scanBytes(path: string, signal?: AbortSignal): Promise<ByteScan> {
  const scan: ByteScan = {
    bytes: 0,
    bom: null,
    utf8: true,
    nuls: 0,
    quotes: false,
    longest: 0,
    lines: 0,
    blankLines: [],
    lineEnd: '\n',
    foreign: Buffer.alloc(0),
  };
  let returns = 0;
  let returnsBeforeLf = 0;
  let rest: Buffer = Buffer.alloc(0);
  const lineOf = (line: Buffer) => {
    scan.lines++;
    const length = line.length > 0 && line[line.length - 1] === CR ? line.length - 1 : line.length;
    if (length < line.length) returnsBeforeLf++;
    if (length === 0 && scan.blankLines.length < MAX_BLANK) scan.blankLines.push(scan.lines);
  };
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK, signal })) {
    const data: Buffer = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (scan.bytes === 0) scan.bom = byteOrderMark(data);
    scan.bytes += chunk.length;
    const end = data.lastIndexOf(LF) + 1;
    const whole = data.subarray(0, end);
    rest = data.subarray(end);
    count(whole);
  }
  const ends = scan.lines;
  const pairs = returnsBeforeLf;
  if (rest.length > 0) count(rest);
  scan.lineEnd = returns === 0 ? '\n' : returns === pairs && pairs === ends ? '\r\n' : 'mixed';
  return scan;

  function count(data: Buffer): void {
    if (!scan.quotes) scan.quotes = data.indexOf(34) >= 0;
    for (let at = data.indexOf(0); at >= 0; at = data.indexOf(0, at + 1)) scan.nuls++;
    for (let at = data.indexOf(CR); at >= 0; at = data.indexOf(CR, at + 1)) returns++;
    const valid = isUtf8(data);
    if (!valid) scan.utf8 = false;
    let from = 0;
    while (from < data.length) {
      const at = data.indexOf(LF, from);
      const to = at < 0 ? data.length : at;
      if (to - from > scan.longest) scan.longest = to - from;
      // Subarrays are costly: only where the line may be blank or end in CR.
      if (to - from < 2 || data[to - 1] === CR) lineOf(data.subarray(from, to));
      else scan.lines++;
      if (!valid && scan.foreign.length < 65_536 && !isUtf8(data.subarray(from, to))) {
        scan.foreign = Buffer.concat([scan.foreign, data.subarray(from, Math.min(to + 1, from + 4096))]);
      }
      from = to + 1;
    }
  }
}

function byteOrderMark(data: Buffer): ByteScan['bom'] {
  if (data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf) return 'utf-8';
  if (data[0] === 0xff && data[1] === 0xfe) return 'utf-16le';
  if (data[0] === 0xfe && data[1] === 0xff) return 'utf-16be';
  return null;
}

/** Encoding of a file that is not clean UTF-8.
 *  @returns a name that iconv-lite knows */
export function encodingOf(scan: ByteScan, head: Buffer): string {
  if (scan.bom && scan.bom !== 'utf-8') return scan.bom;
  // UTF-16 without a mark: every second byte of ASCII text is NUL.
  if (scan.nuls > scan.bytes / 4)
    return head.subarray(0, 2000).indexOf(0) % 2 === 1 ? 'utf-16le' : 'utf-16be';
  if (scan.utf8) return 'utf-8';
  const guess = chardet.analyse(scan.foreign)[0];
  // With little text only the most common of all is worth believing; Latin-1 on the web is Windows-1252.
  if (!guess || guess.confidence < 30 || /^(ISO-8859-1|ASCII|UTF-8)$/i.test(guess.name))
    return 'windows-1252';
  return iconv.encodingExists(guess.name) ? guess.name.toLowerCase() : 'windows-1252';
}

/** Writes a file again as clean UTF-8 with `\n` as line end and without NUL bytes. */
export async function transcode(
  path: string,
  encoding: string,
  scratch: string,
  signal?: AbortSignal,
): Promise<string> {
  const target = join(scratch, `utf8-${process.hrtime.bigint()}.csv`);
  const steps = encoding.startsWith('utf-16')
    ? [iconv.decodeStream(encoding), iconv.encodeStream('utf-8'), linewise((line) => line)]
    : [linewise((line) => (isUtf8(line) ? line : Buffer.from(iconv.decode(line, encoding))))];
  await pipeline([createReadStream(path, { highWaterMark: CHUNK }), ...steps, createWriteStream(target)], {
    signal,
  });
  return target;
}

/** Maps each line (CR, LF or both end one) and drops NUL bytes. */
function linewise(map: (line: Buffer) => Buffer): Transform {
  let rest: Buffer = Buffer.alloc(0);
  const clean = (lines: Buffer) => {
    const text = lines.indexOf(0) < 0 ? lines : Buffer.from(lines.filter((byte) => byte !== 0));
    if (text.indexOf(CR) < 0) return text;
    return Buffer.from(text.toString('latin1').replace(/\r\n?/g, '\n'), 'latin1');
  };
  const mapped = (block: Buffer) => {
    const out: Buffer[] = [];
    const data = clean(block);
    for (let from = 0; from < data.length; ) {
      const at = data.indexOf(LF, from);
      const to = at < 0 ? data.length : at + 1;
      out.push(map(data.subarray(from, to)));
      from = to;
    }
    return Buffer.concat(out);
  };
  return new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      // A CR at the very end may be half of CRLF: keep it back.
      const end = Math.max(data.lastIndexOf(LF), data.lastIndexOf(CR, -2)) + 1;
      rest = data.subarray(end);
      done(null, mapped(data.subarray(0, end)));
    },
    flush(done: TransformCallback) {
      done(null, mapped(rest));
    },
  });
}

/** Blank lines that are lines of the file and not of a quoted cell. */
export async function blankOutsideQuotes(path: string): Promise<number[]> {
  const blank: number[] = [];
  let quoted = false;
  let line = 1;
  let empty = true;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      if (byte === LF) {
        if (empty && !quoted && blank.length < MAX_BLANK) blank.push(line);
        line++;
        empty = true;
      } else if (byte !== CR) {
        if (byte === 34) quoted = !quoted;
        // The line after an open quote's line end belongs to the cell, also where nothing is on it.
        empty = false;
      }
    }
  }
  return blank;
}

/** Unpacks a gzip file into the scratch folder. */
export async function gunzip(
  path: string,
  scratch: string,
  limit: number,
  signal?: AbortSignal,
): Promise<string> {
  const target = join(scratch, `gunzip-${process.hrtime.bigint()}`);
  let bytes = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback) {
      bytes += chunk.length;
      if (bytes > limit) done(new RangeError(`unpacks to more than ${limit} bytes`));
      else done(null, chunk);
    },
  });
  await pipeline(createReadStream(path), createGunzip(), bounded, createWriteStream(target), { signal });
  return target;
}

/** The first bytes of a file. */
export async function readHead(path: string, bytes: number): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** Physical line (from 1) of each byte position.
 *  @param positions byte offsets from 0, ascending */
export async function linesAt(path: string, positions: number[]): Promise<number[]> {
  const lines: number[] = [];
  let line = 1;
  let offset = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
    let from = 0;
    while (lines.length < positions.length) {
      const at = chunk.indexOf(LF, from);
      const until = at < 0 ? chunk.length : at + 1;
      while (lines.length < positions.length && positions[lines.length] < offset + until) lines.push(line);
      if (at < 0) break;
      line++;
      from = at + 1;
    }
    if (lines.length === positions.length) break;
    offset += chunk.length;
  }
  while (lines.length < positions.length) lines.push(line);
  return lines;
}
