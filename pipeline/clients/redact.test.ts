import { expect, test } from 'vitest';
import { recordedUrl, redact, redactUrl } from './redact.ts';

test('takes out user, password and parameters named like a secret; the rest stays as written', () => {
  expect(redactUrl('https://u:p@h.org/a?x=1&api_key=k&token=t')).toBe(
    'https://h.org/a?x=1&api_key=***&token=***',
  );
  expect(redactUrl('https://h.org/a?X-Amz-Signature=abc')).toBe('https://h.org/a?X-Amz-Signature=***');
  expect(redactUrl('https://h.org/a b?x=ä')).toBe('https://h.org/a b?x=ä');
  expect(redactUrl('folder/file.csv')).toBe('folder/file.csv');
});

test('takes known values out of any text, also percent-encoded', () => {
  expect(redact('a k/1 and k%2F1', ['k/1', ''])).toBe('a *** and ***');
});

test('on this machine the port is left out, elsewhere it stays', () => {
  expect(recordedUrl('http://127.0.0.1:4321/a.csv')).toBe('http://127.0.0.1/a.csv');
  expect(recordedUrl('https://h.org:8443/a.csv')).toBe('https://h.org:8443/a.csv');
});
