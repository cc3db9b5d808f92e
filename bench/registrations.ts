import { loadavg } from 'node:os';
import { MlflowServer, type MlflowVersion } from '../test/servers/mlflow.ts';
import { stormOnFolder } from './registrations/folder-storm.ts';
import { stormOnMlflow } from './registrations/mlflow-storm.ts';
import type { StormResult } from './registrations/storm.ts';
import type { BenchTable } from './table.ts';

const SIZE = { bundles: 1000, registrars: 4, seed: 20260301 };

/** Registrars that die at random points: what is left in each home of the registry. */
export async function run(): Promise<BenchTable> {
  const load = loadavg()[0].toFixed(1);
  const rows = [row('a folder', await stormOnFolder({ ...SIZE, perLife: 5 }))];
  for (const version of ['3', '2'] satisfies MlflowVersion[]) {
    const server = await MlflowServer.start({ version });
    try {
      rows.push(row(`MLflow ${version}`, await stormOnMlflow(server.home, 'storm', SIZE)));
    } finally {
      await server.stop();
    }
  }
  return {
    title: 'Registrations with kills at random points',
    columns: ['home', 'bundles', 'kills', 'half', 'lost', 'doubled', 'registrations a second', 'asked'],
    rows,
    notes: [
      `${SIZE.registrars} registrars at once, every tenth bundle given to two of them; what a killed one did not finish, the next takes up. Seed ${SIZE.seed}: it chooses who is killed and when; the rest is the machine's.`,
      'folder: processes, killed with SIGKILL at a random moment of a registration, after five on average. MLflow: clients cut off for good, 30 % before a random request, 30 % at a random moment in the middle of one.',
      'half: versions that a reader saw, while they were written or at the end, and whose files were not what their digest says. lost: acknowledged and not there under that number, or never there. doubled: more versions than bundles.',
      `Load of the machine at the start: ${load}.`,
    ],
  };
}

function row(home: string, { bundles, kills, half, lost, doubled, seconds }: StormResult): string[] {
  const pace = (bundles / seconds).toFixed(1);
  return [home, ...[bundles, kills, half, lost, doubled].map(String), pace, '0 half, 0 lost, 0 doubled'];
}
