import { sampleContext } from './sample-run.testing.ts';

const [root, work] = process.argv.slice(2);
const { context, registry, promotion } = await sampleContext(root);
if (work === 'rollback') {
  const { rollback } = await import('./rollback.ts');
  await rollback(context, { registry, by: 'a person', why: 'it forecasts nonsense' });
} else {
  const { register } = await import('./run.ts');
  await register(context, { registry, promotion, commit: 'c', dataVersion: 'd' });
}
