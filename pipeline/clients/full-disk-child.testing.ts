import { openRecord } from './run-spool.ts';
import { BEGINNING } from './sample-record.testing.ts';

const [spool] = process.argv.slice(2);
const long = { ...BEGINNING('experiment'), params: { long: 'x'.repeat(200_000) } };
await openRecord(spool, long).then(
  () => console.log('written'),
  ({ name, message }) => console.log(`${name}: ${message}`),
);
