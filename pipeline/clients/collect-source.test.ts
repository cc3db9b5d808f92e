import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FaultyPortal } from '../../test/servers/portal.ts';
import { Source } from '../contracts/params.ts';
import { collectFile, collectSource } from './collect-source.ts';

const CSV = 'date,n\n2026-01-01,1\n';
const MORE = 'date,n\n2026-01-02,2\n';

let portal: FaultyPortal;
let root: string;
let scratch: string;

beforeAll(async () => {
  portal = await FaultyPortal.start();
});
afterAll(() => portal.close());
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'perennial-'));
  scratch = join(root, 'scratch');
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function collected(source: Parameters<typeof collectSource>[0]) {
  const files = await collectSource(source, scratch, { base: root });
  return Promise.all(
    files.map(async ({ path, format, name }) => ({ name, format, text: await readFile(path, 'utf8') })),
  );
}

const bytes = (text: string) => new Uint8Array(Buffer.from(text));

describe('over HTTP', () => {
  test.each([
    ['plain', '/plain.csv', Buffer.from(CSV)],
    ['gz', '/cases.csv.gz', gzipSync(CSV)],
    ['gz without a name that says so', '/download', gzipSync(CSV)],
    ['zip', '/cases.zip', Buffer.from(zipSync({ 'cases.csv': bytes(CSV) }))],
    ['gz within zip', '/both.zip', Buffer.from(zipSync({ 'cases.csv.gz': new Uint8Array(gzipSync(CSV)) }))],
  ])('reads CSV: %s', async (_, path, body) => {
    const files = await collected(portal.publish(path, body));
    expect(files.map(({ format, text }) => [format, text])).toEqual([['csv', CSV]]);
  });

  test.each([
    ['gzip', gzipSync(CSV)],
    ['br', brotliCompressSync(CSV)],
    ['deflate', deflateSync(CSV)],
    ['identity', Buffer.from(CSV)],
  ])('takes the content-encoding %s off', async (encoding, body) => {
    const url = portal.publish('/encoded.csv', { body, headers: { 'content-encoding': encoding } });
    expect(await collected(url)).toEqual([{ name: 'encoded.csv', format: 'csv', text: CSV }]);
  });

  test('takes the data out of a zip with several members, and leaves the rest', async () => {
    const zip = zipSync({
      'README.txt': bytes('about this file'),
      'logo.png': bytes('PNG'),
      '__MACOSX/._a.csv': bytes('rubbish'),
      'first/cases.csv': bytes(CSV),
      'second/cases.csv': bytes(MORE),
      'empty.csv': bytes(''),
    });
    const files = await collected(portal.publish('/several.zip', Buffer.from(zip)));
    expect(files).toEqual([
      { name: 'cases.csv', format: 'csv', text: CSV },
      { name: 'cases.csv', format: 'csv', text: MORE },
    ]);
  });

  test('a member that points out of the folder does not get there', async () => {
    const zip = Buffer.from(zipSync({ 'xx/../../escape.csv': bytes(CSV) }));
    await expect(collected(portal.publish('/slip.zip', zip))).rejects.toThrow('the archive cannot be read');
  });

  test('knows Parquet by its bytes', async () => {
    const body = Buffer.from(
      parquetWriteBuffer({ columnData: [{ name: 'n', data: [1, 2], type: 'INT32' }] }),
    );
    const [file] = await collectSource(portal.publish('/data', body), scratch);
    expect(file.format).toBe('parquet');
    expect(await readFile(file.path)).toEqual(body);
  });

  test.each([
    ['a zip without data', Buffer.from(zipSync({ 'logo.png': bytes('x') })), 'the zip holds no data file'],
    ['a workbook', Buffer.from(zipSync({ '[Content_Types].xml': bytes('<x/>') })), 'sent an Office document'],
    [
      'a gz cut short',
      gzipSync(CSV.repeat(1000)).subarray(0, 60),
      'the archive cannot be read: unexpected end of file',
    ],
    [
      'a zip cut short',
      Buffer.from(zipSync({ 'a.csv': bytes(CSV) })).subarray(0, 50),
      'the archive cannot be read',
    ],
    ['a gz of nothing', gzipSync(''), 'sent an empty body'],
    ['a gz of a web page', gzipSync('<!doctype html><p>'), 'sent a web page (HTML)'],
    ['blank lines', Buffer.from('\uFEFF \r\n\n'), 'sent an empty body'],
    ['UTF-16 HTML', Buffer.from('\uFEFF<html lang="it">', 'utf16le'), 'sent a web page (HTML)'],
  ])('refuses %s, and says what it is', async (_, body, seen) => {
    await expect(collected(portal.publish('/x', body))).rejects.toThrow(seen);
  });

  test('follows a redirect to another host without taking the key along', async () => {
    const other = await FaultyPortal.start();
    const target = other.publish('/cases.csv', CSV);
    const url = portal.publish('/moved.csv', '');
    portal.fail('/moved.csv', { kind: 'status', status: 307, headers: { location: target } });
    const source = Source.parse({ urls: [url], key: { env: 'PORTAL_KEY', header: 'x-api-key' } });
    const files = await collectSource(source, scratch, { env: { PORTAL_KEY: 's3cret' } });
    await other.close();
    expect(files).toHaveLength(1);
    expect(portal.requests.at(-1)?.headers['x-api-key']).toBe('s3cret');
    expect(other.requests.at(-1)?.headers['x-api-key']).toBeUndefined();
  });

  test('goes through the proxy of the environment, but not to this machine', async () => {
    const { port } = new URL(portal.publish('/cases.csv', CSV));
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const onward = connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const env = { http_proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
    const through = await collectSource('http://portal.example/cases.csv', join(scratch, '1'), { env });
    const direct = await collectSource(`${portal.origin}/cases.csv`, join(scratch, '2'), { env });
    proxy.closeAllConnections();
    proxy.close();
    expect(tunnels).toEqual(['portal.example:80']);
    for (const [file] of [through, direct]) expect(await readFile(file.path, 'utf8')).toBe(CSV);
  });

  test('gives one file as it is, polygons for instance', async () => {
    const polygons = JSON.stringify({ type: 'FeatureCollection', features: [] });
    const url = portal.publish('/regions.geojson.gz', gzipSync(polygons));
    expect(await readFile(await collectFile(url, scratch), 'utf8')).toBe(polygons);
  });

  test.each(['htp//nowhere', 'ftp://host/file.csv'])('%s is a mistake of the caller', async (url) => {
    await expect(collected(url)).rejects.toMatchObject({ exitCode: url.startsWith('ftp') ? 2 : 3 });
  });
});

describe('from this machine', () => {
  test('a file is read where it lies', async () => {
    await writeFile(join(root, 'cases.csv'), CSV);
    const [file] = await collectSource('cases.csv', scratch, { base: root });
    expect(file).toEqual({ path: join(root, 'cases.csv'), name: 'cases.csv', format: 'csv' });
  });

  test('a folder of daily files is all of them, by name; an index beside them is not data', async () => {
    await mkdir(join(root, 'daily'));
    await writeFile(join(root, 'daily', '2.csv'), MORE);
    await writeFile(join(root, 'daily', '1.csv.gz'), gzipSync(CSV));
    await writeFile(join(root, 'daily', 'index.json'), '[]');
    expect((await collected('daily')).map(({ text }) => text)).toEqual([CSV, MORE]);
    expect((await collected(join('daily', '*.csv'))).map(({ text }) => text)).toEqual([MORE]);
  });

  test('one JSON record a line is read line by line', async () => {
    await writeFile(join(root, 'rows.ndjson'), '{"n":1,"at":{"x":2}}\n\n{"n":3,"at":null}\n');
    expect(await collected('rows.ndjson')).toEqual([
      { name: 'rows.ndjson', format: 'json', text: '{"n":1,"at.x":2}\n{"n":3,"at":null}\n' },
    ]);
  });

  test('says so where there is nothing', async () => {
    await mkdir(join(root, 'bare'));
    await expect(collected('missing.csv')).rejects.toThrow('missing.csv: there is no such file');
    await expect(collected('bare')).rejects.toThrow('bare: the folder holds no data files');
    await writeFile(join(root, 'empty.csv'), '');
    await expect(collected('empty.csv')).rejects.toThrow('empty.csv: sent an empty body');
  });
});
