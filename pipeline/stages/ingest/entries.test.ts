import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'yaml';
import { FaultyPortal } from '../../../test/servers/portal.ts';
import { temporaryContext } from '../../../test/stage-context.ts';
import { openSnapshot } from '../../clients/open-snapshot.ts';
import { Params } from '../../contracts/params.ts';
import { REPOSITORY } from '../../workspace.ts';
import { ingest } from './run.ts';

let portal: FaultyPortal;
let scratch: string;

beforeEach(async () => {
  portal = await FaultyPortal.start();
  scratch = await mkdtemp(join(tmpdir(), 'perennial-'));
});
afterEach(async () => {
  await portal.close();
  await rm(scratch, { recursive: true });
});

/** The ready entry of params.yaml, its address moved to the local portal, path and query as they are. */
async function readyEntry(model: string) {
  const params = Params.parse(parse(await readFile(join(REPOSITORY, 'params.yaml'), 'utf8')));
  const entry = params.models[model];
  const address = new URL(entry.source.urls![0]);
  const local = {
    ...entry,
    source: { ...entry.source, urls: [portal.origin + address.pathname + address.search] },
  };
  return { address, made: await temporaryContext(local) };
}

/** Column-wise and with an envelope that changes with each answer, the way open-meteo answers. */
function weather(generationtime_ms: number, newest: number) {
  const time = [`2026-03-01T16:00`, '2026-03-01T17:00', '2026-03-01T18:00'];
  const temperature_2m = [7.1, 6.4, newest];
  const units = { time: 'iso8601', temperature_2m: '°C' };
  const body = { latitude: 45.06, longitude: 7.68, generationtime_ms, elevation: 240, hourly_units: units };
  return { body: JSON.stringify({ ...body, hourly: { time, temperature_2m } }), etag: null };
}

test('the weather entry: hourly rows; an answer that took longer to make is not new', async () => {
  const { address, made } = await readyEntry('temperature');
  portal.publish(address.pathname, weather(0.031, 5.9));
  const first = await ingest(made.context);
  expect(first.state).toBe('new');
  const files = await openSnapshot(first.directory, first.snapshot, made.context.params.source, scratch);
  expect(files.map(({ format }) => format)).toEqual(['json']);
  expect(await readFile(files[0].path, 'utf8')).toBe(
    '{"time":"2026-03-01T16:00","temperature_2m":7.1}\n' +
      '{"time":"2026-03-01T17:00","temperature_2m":6.4}\n' +
      '{"time":"2026-03-01T18:00","temperature_2m":5.9}\n',
  );

  portal.publish(address.pathname, weather(0.077, 5.9));
  expect((await ingest(made.context)).state).toBe('unchanged');
  portal.publish(address.pathname, weather(0.031, 5.8));
  expect((await ingest(made.context)).state).toBe('new');
  await made.remove();
});

test('the weather entry asks for hours that were, not for the forecast of others', async () => {
  const { address, made } = await readyEntry('temperature');
  await made.remove();
  expect(Number(address.searchParams.get('past_hours'))).toBeGreaterThan(1000);
  expect(address.searchParams.get('forecast_hours')).toBe('1');
});

test("the entry for Italy's regions: the bytes as the portal sends them", async () => {
  const { address, made } = await readyEntry('italy');
  const csv =
    'data,stato,codice_regione,denominazione_regione,lat,long,nuovi_positivi,totale_casi\n' +
    '2022-06-30T17:00:00,ITA,13,Abruzzo,42.35122196,13.39843823,2082,424573\n';
  portal.publish(address.pathname, csv);
  const { directory, snapshot } = await ingest(made.context);
  const [file] = await openSnapshot(directory, snapshot, made.context.params.source, scratch);
  expect(file).toEqual({
    path: join(directory, 'dpc-covid19-ita-regioni.csv'),
    name: 'dpc-covid19-ita-regioni.csv',
    format: 'csv',
  });
  expect(await readFile(file.path, 'utf8')).toBe(csv);
  await made.remove();
});
