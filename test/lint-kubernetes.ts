import { readFile } from 'node:fs/promises';
import { execa } from 'execa';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { withScratch } from '../pipeline/clients/scratch.ts';
import { writeKubernetesSchemas } from './kubernetes-schemas.ts';
import { goTool } from './servers/installed.ts';

const KUBECONFORM = { program: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0' };
const LIMIT_MS = 60_000;
const Resource = z.looseObject({ apiVersion: z.string(), kind: z.string() });

/** Checks manifests against the API that Kubernetes has.
 *  @returns what is wrong with them, in kubeconform's words; empty where nothing is; null where this machine has no Go
 *  @throws SetupError where a tool cannot be had */
export async function wrongInKubernetes(files: string[]): Promise<string | null> {
  const kubeconform = await goTool(KUBECONFORM.program, KUBECONFORM.version);
  if (kubeconform === null) return null;
  const manifests: string[] = [];
  const kinds = new Map<string, z.infer<typeof Resource>>();
  for (const file of files) {
    const resources = parseAllDocuments(await readFile(file, 'utf8')).map((one) =>
      Resource.parse(one.toJS()),
    );
    // kustomize's own file is no part of the API.
    if (resources.some(({ kind }) => kind === 'Kustomization')) continue;
    manifests.push(file);
    for (const one of resources) kinds.set(`${one.apiVersion} ${one.kind}`, one);
  }
  return withScratch(async (folder) => {
    await writeKubernetesSchemas(folder, [...kinds.values()]);
    const location = `${folder}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
    const args = ['-strict', '-schema-location', location, ...manifests];
    const { failed, all } = await execa(kubeconform, args, { all: true, reject: false, timeout: LIMIT_MS });
    return failed ? all || 'kubeconform did not end in time' : '';
  });
}
