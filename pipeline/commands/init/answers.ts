import { UsageError } from '../../contracts/errors.ts';

/** What a team answered to the five questions. */
export interface Answers {
  /** The repository on GitHub. */
  owner: { owner: string; name: string };
  homes: Homes;
  storage: Storage;
  models: WantedModel[];
  schedule: Schedule;
}

export type Homes = { kind: 'dagshub'; repository: string } | { kind: 'mlflow'; url: string };
export type Storage = { kind: 'dagshub' } | { kind: 'remote'; url: string };
/** @property source null: an entry that params.yaml has already */
export interface WantedModel {
  name: string;
  source: string | null;
}
export interface Schedule {
  every: 'hourly' | 'daily' | 'weekly';
  hour: number;
  minute: number;
}

const REPOSITORY = /^[\w.-]{1,100}\/[\w.-]{1,100}$/;

/** `acme/cases`, or any address of it. @throws UsageError */
export function parseOwner(text: string): Answers['owner'] {
  const path = text
    .trim()
    .replace(/^(https?:\/\/[^/]+\/|git@[^:]+:|ssh:\/\/git@[^/]+\/)/, '')
    .replace(/(\.git)?\/*$/, '');
  if (!REPOSITORY.test(path)) {
    throw new UsageError(`--owner ${text}: names no repository`, {
      hint: 'write it as owner/name, such as acme/cases',
    });
  }
  const [owner, name] = path.split('/');
  return { owner, name };
}

/** `dagshub:acme/cases`, or the address of an MLflow. @throws UsageError */
export function parseHomes(text: string, { owner, name }: Answers['owner']): Homes {
  const written = text.trim();
  if (written === 'dagshub') return { kind: 'dagshub', repository: `${owner}/${name}` };
  const [, repository] = /^dagshub:(.*)$/.exec(written) ?? [];
  if (repository !== undefined && REPOSITORY.test(repository)) return { kind: 'dagshub', repository };
  if (repository === undefined && /^https?:\/\//.test(written) && URL.canParse(written)) {
    refusePassword('--homes', written, 'MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD');
    return { kind: 'mlflow', url: written.replace(/\/+$/, '') };
  }
  throw new UsageError(`--homes ${written.replace(/.*@/, '')}: neither Dagshub nor an address of MLflow`, {
    hint: 'write dagshub:owner/name, or https://mlflow.example.org',
  });
}

/** Where data go. @throws UsageError */
export function parseStorage(text: string, homes: Homes): Storage {
  const written = text.trim();
  if (written === 'dagshub') {
    if (homes.kind === 'dagshub') return { kind: 'dagshub' };
    throw new UsageError('--storage dagshub: the homes are not on Dagshub', {
      hint: 'write --homes dagshub:owner/name, or give the address of a store: s3://bucket/folder',
    });
  }
  if (/^(s3|azure|https?):\/\/[^/?#\s]+/.test(written)) {
    refusePassword('--storage', written, 'PERENNIAL_REMOTE_USER and PERENNIAL_REMOTE_PASSWORD');
    return { kind: 'remote', url: written.replace(/\/+$/, '') };
  }
  throw new UsageError(`--storage ${written.replace(/.*@/, '')}: not a store that workflows can reach`, {
    hint: 'write s3://bucket/folder, azure://container/folder, https://…, or dagshub',
  });
}

/** `italy,clinics=https://example.org/cases.csv`
 *  @param known models of params.yaml
 *  @throws UsageError */
export function parseModels(text: string, known: string[]): WantedModel[] {
  const models = text
    .split(/,(?=\s*[a-z0-9][a-z0-9-]*\s*(?:=|,|$))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part): WantedModel => {
      const [, name, source] = /^([^=]*?)\s*(?:=\s*(.*))?$/s.exec(part) ?? [];
      if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(name)) {
        throw new UsageError(`--models: "${name}" cannot be the name of a model`, {
          hint: 'lower-case letters, digits and dashes, at most 41; write name=https://… for a new one',
        });
      }
      if (source === undefined && !known.includes(name)) {
        throw new UsageError(`--models: there is no "${name}" in params.yaml; it has ${known.join(', ')}`, {
          hint: `write ${name}=https://… for a new model`,
        });
      }
      if (source === '') throw new UsageError(`--models: ${name}= has no address behind it`);
      return { name, source: source ?? null };
    });
  const twice = models.find(({ name }, at) => models.findIndex((other) => other.name === name) !== at);
  if (twice) throw new UsageError(`--models names ${twice.name} twice`);
  if (models.length === 0) {
    throw new UsageError('--models names none', { hint: `there are ${known.join(', ')}` });
  }
  return models;
}

/** `daily`, `daily@06:17`. @throws UsageError */
export function parseSchedule(text: string): Schedule {
  const [, every, hour, minute] = /^(hourly|daily|weekly)(?:@(\d{1,2}):(\d{2}))?$/.exec(text.trim()) ?? [];
  const schedule = {
    every: every as Schedule['every'],
    hour: Number(hour ?? 6),
    minute: Number(minute ?? 17),
  };
  if (every === undefined || schedule.hour > 23 || schedule.minute > 59) {
    throw new UsageError(`--schedule ${text}: not a schedule`, {
      hint: 'write hourly, daily or weekly, with a time of day where it matters: daily@06:17',
    });
  }
  if (schedule.minute === 0) {
    throw new UsageError(`--schedule ${text}: GitHub is busy at the full hour, and drops runs then`, {
      hint: `take another minute, such as ${every}@${String(schedule.hour).padStart(2, '0')}:17`,
    });
  }
  return schedule;
}

export function scheduleWords({ every, hour, minute }: Schedule): string {
  const two = (value: number) => String(value).padStart(2, '0');
  return `${every}@${two(hour)}:${two(minute)}`;
}

function refusePassword(flag: string, url: string, instead: string): void {
  if (!URL.canParse(url) || !new URL(url).password) return;
  throw new UsageError(
    `${flag}: the address holds a password, which would stand in files and in the shell's history`,
    {
      hint: `leave it out; put it into ${instead}`,
    },
  );
}
