import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { grafanaFiles } from './provision.ts';

/** `npm run monitoring`: writes Grafana's dashboards and alert rules from `panels.ts`. */
for (const [path, text] of grafanaFiles()) {
  const file = join(import.meta.dirname, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
