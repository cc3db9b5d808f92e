import { randomBytes } from 'node:crypto';
import { appendFileSync, chmodSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Adds to `.env` at the top of the repository what compose.homes.yaml asks for, with passwords of your own, and where
 *  Perennial finds these homes. What the file holds already stays; it belongs to you alone. */
const file = process.argv[2] ?? fileURLToPath(new URL('../.env', import.meta.url));
const there = existsSync(file) ? readFileSync(file, 'utf8') : '';
const taken = /^(?:export )?((?:HOMES|MLFLOW_TRACKING|AWS|PERENNIAL_REMOTE)\w*)=/m.exec(there)?.[1];
if (taken) {
  console.error(`${file} sets ${taken} already, nothing was changed`);
  console.error(
    '→ remove such lines first if these homes shall be new; their volumes keep the old passwords',
  );
  process.exit(2);
}
const secret = () => randomBytes(24).toString('base64url');
const [mlflow, key, s3] = [secret(), randomBytes(10).toString('hex'), secret()];
const lines = `
# compose.homes.yaml; once the servers have started, a change here needs the same change in them
HOMES_MLFLOW_PASSWORD=${mlflow}
HOMES_MLFLOW_SECRET_KEY=${secret()}
HOMES_POSTGRES_PASSWORD=${secret()}
HOMES_S3_ACCESS_KEY=${key}
HOMES_S3_SECRET_KEY=${s3}

# Perennial, DVC and MLflow's own client
MLFLOW_TRACKING_URI=http://127.0.0.1:5000
MLFLOW_TRACKING_USERNAME=admin
MLFLOW_TRACKING_PASSWORD=${mlflow}
PERENNIAL_REMOTE=s3://perennial/dvc
AWS_ENDPOINT_URL=http://127.0.0.1:7070
AWS_REGION=us-east-1
AWS_ACCESS_KEY_ID=${key}
AWS_SECRET_ACCESS_KEY=${s3}
`;
appendFileSync(file, there === '' ? lines.trimStart() : lines, { mode: 0o600 });
chmodSync(file, 0o600);
console.log(`${file}: passwords for MLflow, PostgreSQL and the bucket were added`);
