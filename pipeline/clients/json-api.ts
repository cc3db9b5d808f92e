import { join } from 'node:path';
import { UpstreamError, UsageError } from '../contracts/errors.ts';
import type { SourceParams } from '../contracts/params.ts';
import { type Courier, type Downloaded, download, type Wanted } from './download.ts';
import { contentOf } from './first-bytes.ts';
import { at, recordsOf } from './json-records.ts';
import { readAnswer } from './open-snapshot.ts';
import { redactUrl } from './redact.ts';
import { notData } from './unpack.ts';

type JsonParams = NonNullable<SourceParams['json']>;

export interface Page extends Downloaded {
  name: string;
  url: string;
}

/** All pages of a JSON API as received, each a file in `folder`; an empty page after the last is not kept.
 *  @returns null if the server says that nothing changed, which only an API without pages can
 *  @param onRecords called with each page's records, in order
 *  @throws UpstreamError for pages without end, without records, or that repeat themselves */
export async function downloadPages(
  wanted: Omit<Wanted, 'path'>,
  json: JsonParams,
  target: { folder: string; name: string },
  courier: Courier,
  onRecords: (records: unknown[]) => void,
): Promise<Page[] | null> {
  const pages: Page[] = [];
  const maxPages = json.page?.max_pages ?? 1000;
  const stem = target.name.replace(/\.json$/i, '');
  const seen = new Set<string>();
  let url = firstUrl(wanted.url, json);
  let taken = 0;
  let bytes = 0;
  let fullPage = 0;
  for (let number = 1; ; number++) {
    const shown = redactUrl(url, courier.secrets);
    if (number > maxPages) throw tooMany(shown, maxPages);
    seen.add(url);
    const name = `${stem}-${String(number).padStart(4, '0')}.json`;
    const path = join(target.folder, name);
    const sameOrigin = new URL(url).origin === new URL(wanted.url).origin;
    const { headers, query } = sameOrigin ? wanted : {};
    const asked = number === 1 ? { ...wanted, url, path } : { url, path, headers, query };
    const left = { ...courier, maxBytes: courier.maxBytes - bytes };
    const page = await download(asked, left);
    if (page === null) return null;
    const content = await contentOf(path);
    if (content === 'html' || content === 'empty') throw notData(content, shown);

    const answer = await readAnswer(path, shown);
    const records = recordsOf(answer, json.records, shown);
    if (pages.length > 0 && page.sha256 === pages[pages.length - 1].sha256) throw repeats(shown, number);
    if (records.length === 0 && pages.length > 0) return pages;
    pages.push({ ...page, name, url: shown });
    onRecords(records);
    taken += records.length;
    bytes += page.bytes;
    fullPage ||= records.length;

    const next = nextUrl(answer, url, json, { number, taken });
    // An API may give fewer than asked for, so only a page shorter than the first is known to be the last.
    if (next === null || (json.next === undefined && records.length < fullPage)) return pages;
    if (seen.has(next)) throw repeats(redactUrl(next, courier.secrets), number + 1);
    url = next;
  }
}

function firstUrl(url: string, json: JsonParams): string {
  if (!URL.canParse(url)) throw new UsageError(`${url} is not an http(s) address`);
  const first = new URL(url);
  for (const [name, value] of Object.entries(json.query)) first.searchParams.set(name, String(value));
  if (json.page) {
    first.searchParams.set(json.page.param, String(json.page.start));
    if (json.page.size_param) first.searchParams.set(json.page.size_param, String(json.page.size));
  }
  return first.href;
}

function nextUrl(
  answer: unknown,
  url: string,
  json: JsonParams,
  position: { number: number; taken: number },
): string | null {
  if (json.next !== undefined) {
    const next = at(answer, json.next);
    if (typeof next !== 'string' || next === '') return null;
    if (!URL.canParse(next, url)) {
      throw new UpstreamError(`the address of the next page, at "${json.next}", is no address`, {
        hint: 'correct `source.json.next` in params.yaml',
      });
    }
    return new URL(next, url).href;
  }
  if (!json.page) return null;
  const { kind, start, param } = json.page;
  const next = new URL(url);
  next.searchParams.set(param, String(kind === 'offset' ? start + position.taken : start + position.number));
  return next.href;
}

function tooMany(shown: string, maxPages: number): UpstreamError {
  return new UpstreamError(`${shown}: there are more than ${maxPages} pages`, {
    hint: 'raise `source.json.page.max_pages`, or ask for fewer records, in params.yaml',
  });
}

function repeats(shown: string, number: number): UpstreamError {
  return new UpstreamError(`${shown}: page ${number} is one that was read already`, {
    hint: 'the API does not know the parameter: correct `source.json.page.param` or `source.json.next` in params.yaml',
  });
}
