import { describe, expect, test } from 'vitest';
import { UsageError } from '../../contracts/errors.ts';
import {
  parseHomes,
  parseModels,
  parseOwner,
  parseSchedule,
  parseStorage,
  scheduleWords,
} from './answers.ts';
import { askAll, type Offers } from './ask.ts';

const OWNER = { owner: 'acme', name: 'cases' };
const DAGSHUB = { kind: 'dagshub', repository: 'acme/cases' } as const;
const refused = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError) return `${error.message} → ${error.hint}`;
    throw error;
  }
  throw new Error('was taken');
};

describe('one answer', () => {
  test.each([
    'acme/cases',
    'https://github.com/acme/cases.git',
    'git@github.com:acme/cases.git',
    ' acme/cases/ ',
  ])('owner: %s', (text) => expect(parseOwner(text)).toEqual(OWNER));
  test.each(['acme', 'acme/', '/cases', 'acme/cases/pulls', 'a b/c'])('no owner: %s', (text) => {
    expect(refused(() => parseOwner(text))).toContain('owner/name');
  });

  test('homes', () => {
    expect(parseHomes('dagshub', OWNER)).toEqual(DAGSHUB);
    expect(parseHomes('dagshub:jane/infections', OWNER)).toEqual({
      kind: 'dagshub',
      repository: 'jane/infections',
    });
    expect(parseHomes('https://mlflow.example.org/', OWNER)).toEqual({
      kind: 'mlflow',
      url: 'https://mlflow.example.org',
    });
    for (const text of ['', 'mlflow.example.org', 'dagshub:jane', 'sqlite:///x']) {
      expect(refused(() => parseHomes(text, OWNER))).toContain('dagshub:owner/name');
    }
    const withPassword = refused(() => parseHomes('https://ada:geheim@mlflow.example.org', OWNER));
    expect(withPassword).toContain('MLFLOW_TRACKING_PASSWORD');
    expect(withPassword).not.toContain('geheim');
  });

  test('storage', () => {
    expect(parseStorage('dagshub', DAGSHUB)).toEqual({ kind: 'dagshub' });
    expect(parseStorage('s3://bucket/folder/', DAGSHUB)).toEqual({
      kind: 'remote',
      url: 's3://bucket/folder',
    });
    const mlflow = { kind: 'mlflow', url: 'https://m.example' } as const;
    expect(refused(() => parseStorage('dagshub', mlflow))).toContain('not on Dagshub');
    for (const text of ['', '/srv/data', 'gs://bucket', 's3://']) {
      expect(refused(() => parseStorage(text, DAGSHUB))).toContain('s3://bucket/folder');
    }
  });

  test('models: of params.yaml, and new ones with an address that has commas', () => {
    expect(parseModels('italy, clinics=https://x.example/c.csv?cols=a,B,c&x=1', ['italy'])).toEqual([
      { name: 'italy', source: null },
      { name: 'clinics', source: 'https://x.example/c.csv?cols=a,B,c&x=1' },
    ]);
    expect(refused(() => parseModels('frankreich', ['italy']))).toContain('it has italy');
    expect(refused(() => parseModels('Italy=https://x.example', []))).toContain('lower-case');
    expect(refused(() => parseModels('italy,italy', ['italy']))).toContain('twice');
    expect(refused(() => parseModels(' ', ['italy']))).toContain('names none');
  });

  test('a schedule, never on the full hour', () => {
    expect(parseSchedule('daily')).toEqual({ every: 'daily', hour: 6, minute: 17 });
    expect(parseSchedule('weekly@23:59')).toEqual({ every: 'weekly', hour: 23, minute: 59 });
    expect(scheduleWords(parseSchedule('hourly@00:05'))).toBe('hourly@00:05');
    expect(refused(() => parseSchedule('daily@06:00'))).toContain('daily@06:17');
    for (const text of ['monthly', 'daily@24:10', 'daily@6:60', 'daily@6']) {
      expect(refused(() => parseSchedule(text))).toContain('hourly, daily or weekly');
    }
  });
});

describe('all five', () => {
  const offers: Offers = {
    owner: 'acme/cases',
    homes: null,
    storage: null,
    models: ['infections'],
    known: ['infections', 'italy'],
    schedule: { every: 'daily', hour: 6, minute: 17 },
  };
  const nobody = { terminal: null, offersCount: false };

  test('without a terminal the missing flags are named', async () => {
    await expect(askAll({ owner: 'acme/cases', models: 'italy' }, offers, nobody)).rejects.toThrow(
      /--homes, --storage, --schedule missing/,
    );
  });

  test('with --yes what is there counts', async () => {
    await expect(askAll({}, offers, { terminal: null, offersCount: true })).resolves.toEqual({
      owner: OWNER,
      homes: DAGSHUB,
      storage: { kind: 'dagshub' },
      models: [{ name: 'infections', source: null }],
      schedule: offers.schedule,
    });
    await expect(
      askAll(
        { homes: 'https://m.example' },
        { ...offers, owner: null },
        { terminal: null, offersCount: true },
      ),
    ).rejects.toThrow(/--owner, --storage missing/);
  });

  test('on a terminal: only what no flag says, an offer by Enter, and again after a wrong answer', async () => {
    const said: string[] = [];
    const asked: string[] = [];
    const answers = ['', 'nowhere', 's3://bucket/x', 'italy', 'daily@00:00', 'weekly'];
    const terminal = {
      say: (line: string) => void said.push(line),
      ask: async (question: string, offer: string | null) => {
        asked.push(question);
        return answers.shift() || (offer ?? '');
      },
    };
    const given = await askAll({ owner: 'acme/cases' }, offers, { terminal, offersCount: false });
    expect(given).toEqual({
      owner: OWNER,
      homes: DAGSHUB,
      storage: { kind: 'remote', url: 's3://bucket/x' },
      models: [{ name: 'italy', source: null }],
      schedule: { every: 'weekly', hour: 6, minute: 17 },
    });
    expect(asked).toHaveLength(6);
    expect(said.join('\n')).toMatch(/nowhere.*\n.*s3:[\s\S]*00:00.*full hour/);
  });
});
