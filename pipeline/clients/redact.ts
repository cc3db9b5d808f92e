const SECRET_NAME = /key|token|secret|password|passwd|signature|^sig$|^auth|credential/i;

/** Takes out of an address what must not be read by others: user and password, parameters that are named like a secret.
 *  @param secrets values that are taken out wherever they stand */
export function redactUrl(url: string, secrets: readonly string[] = []): string {
  if (!URL.canParse(url)) return redact(url, secrets);
  const parsed = new URL(url);
  // An address without secrets is recorded as it was written, not as URL would write it again.
  let changed = false;
  if (parsed.username || parsed.password) {
    parsed.username = '';
    parsed.password = '';
    changed = true;
  }
  for (const name of [...parsed.searchParams.keys()]) {
    if (!SECRET_NAME.test(name)) continue;
    parsed.searchParams.set(name, '***');
    changed = true;
  }
  return redact(changed ? parsed.href : url, secrets);
}

/** What an address is called in files: without secrets and, on this machine, without its port, which the embedded portal
 *  gets anew with each run. */
export function recordedUrl(url: string): string {
  const clean = redactUrl(url);
  return clean.replace(/^(https?:\/\/(?:127\.0\.0\.1|localhost|\[::1\])):\d+/, '$1');
}

/** Takes secret values out of any text, also where they are percent-encoded. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret === '') continue;
    clean = clean.replaceAll(secret, '***').replaceAll(encodeURIComponent(secret), '***');
  }
  return clean;
}
