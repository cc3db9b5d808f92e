import Fastify from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ProblemError, sendProblem } from '../problem.ts';
import { parseJson, registerJsonBody } from './json-body.ts';

const app = Fastify({ bodyLimit: 100_000 });
beforeAll(async () => {
  registerJsonBody(app);
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) =>
    error instanceof ProblemError
      ? sendProblem(reply, error.kind, error.problem)
      : reply.code(error.statusCode ?? 500).send({ detail: error.message }),
  );
  app.post('/', async ({ body }) => ({ body: body ?? 'nothing' }));
  await app.ready();
});
afterAll(() => app.close());

const JSON_TYPE = { 'content-type': 'application/json' };
async function post(payload: string | Buffer, headers: Record<string, string> = JSON_TYPE) {
  const response = await app.inject({ method: 'POST', url: '/', payload, headers });
  return { status: response.statusCode, body: response.json() };
}

describe('a body that is JSON', () => {
  it.each([
    '{}',
    ' [ ] ',
    '0',
    '-0',
    '-1.5E+3',
    '1e-999',
    'true',
    'null',
    '"text"',
    '""',
    '{"":0}',
    '[[],{},[{"a":[]}]]',
    '\t\r\n{ "a" :\n1 , "b": [ 1 , "]}" , "\\"" ] }\n',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '"\\ud800"',
    '"é😀\\u00e9"',
    '{"constructor":1,"prototype":2,"toString":3}',
    '{"a\\\\":1,"a":2,"a\\"":3}',
    '9007199254740993',
    '1234567890123456789012345678901234567890',
  ])('is read as JSON.parse reads it: %s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it('may say that it is UTF-8', async () => {
    const type = 'application/json; charset="UTF-8"';
    expect(await post('{"a":"é"}', { 'content-type': type })).toEqual({
      status: 200,
      body: { body: { a: 'é' } },
    });
  });
});

/** Kinds of bodies that only look like JSON, or are dangerous as JSON. */
const BAD: [string, string | Buffer][] = [
  // Structure.
  ['nothing', ''],
  ['spaces', '   '],
  ['an object without an end', '{"a":1'],
  ['an array without an end', '[1,2'],
  ['an end without a beginning', ']'],
  ['a wrong end', '[1}'],
  ['an end too many', '{}}'],
  ['two values', '1 2'],
  ['two objects', '{}{}'],
  ['a value after the end', '[]x'],
  ['a comma at the end of an array', '[1,]'],
  ['a comma at the end of an object', '{"a":1,}'],
  ['a comma at the beginning', '[,1]'],
  ['two commas', '[1,,2]'],
  ['only a comma', '[,]'],
  ['no comma', '[1 2]'],
  ['no comma in an object', '{"a":1 "b":2}'],
  ['no colon', '{"a" 1}'],
  ['two colons', '{"a"::1}'],
  ['a colon in an array', '["a":1]'],
  ['no value', '{"a":}'],
  ['no key', '{:1}'],
  ['a key without quotes', '{a:1}'],
  ['a key in single quotes', "{'a':1}"],
  ['a number as a key', '{1:1}'],
  ['a comment', '{"a":1/* x */}'],
  ['a comment at the end of a line', '[1] // x'],
  ['rows of JSON', '{"a":1}\n{"a":2}'],
  ['a form', 'a=1&b=2'],
  ['a page', '<html></html>'],
  // Numbers.
  ['NaN', '[NaN]'],
  ['-NaN', '[-NaN]'],
  ['Infinity', '[Infinity]'],
  ['-Infinity', '[-Infinity]'],
  ['a plus', '[+1]'],
  ['leading zeros', '[012]'],
  ['minus zero one', '[-01]'],
  ['a point at the end', '[1.]'],
  ['a point at the beginning', '[.5]'],
  ['two points', '[1.2.3]'],
  ['an exponent without digits', '[1e]'],
  ['an exponent with a point', '[1e1.5]'],
  ['two minuses', '[--1]'],
  ['only a minus', '[-]'],
  ['hexadecimal', '[0x1F]'],
  ['a decimal comma', '[1,5e]'],
  ['a separator', '[1_000]'],
  ['a big integer of JavaScript', '[1n]'],
  ['1e999', '[1e999]'],
  ['-1E+999', '{"a":-1E+999}'],
  ['four hundred digits', `[${'9'.repeat(400)}]`],
  ['digits of another script', '[１２]'],
  // Literals.
  ['True', '[True]'],
  ['nul', '[nul]'],
  ['None', '[None]'],
  ['undefined', '[undefined]'],
  ['truefalse', '[truefalse]'],
  // Strings.
  ['a text without an end', '["a'],
  ['a text that ends with a backslash', '["a\\'],
  ['single quotes', "['a']"],
  ['a line break in a text', '["a\nb"]'],
  ['a tab in a text', '["a\tb"]'],
  ['a zero in a text', '["a\u0000b"]'],
  ['an unknown escape', '["\\x41"]'],
  ['half an escape', '["\\u00"]'],
  ['an escape of no digits', '["\\uGGGG"]'],
  ['an unknown escape in a key', '{"\\q":1}'],
  // Keys.
  ['a key twice', '{"a":1,"b":2,"a":3}'],
  ['a key twice, far inside', '{"rows":[{"x":{"y":[{"k":1,"k":1}]}}]}'],
  ['a key twice, once escaped', '{"a":1,"\\u0061":2}'],
  ['a key twice, not of ASCII', '{"é":1,"\\u00e9":2}'],
  ['the empty key twice', '{"":1,"":2}'],
  ['__proto__', '{"__proto__":{"polluted":true}}'],
  ['__proto__ inside', '{"rows":[{"__proto__":null}]}'],
  ['__proto__, escaped', '{"\\u005f_proto__":1}'],
  // Depth.
  ['forty arrays', '['.repeat(40) + ']'.repeat(40)],
  ['forty objects', `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`],
  ['ninety thousand arrays without an end', '['.repeat(90_000)],
  ['fifteen thousand objects without an end', '{"a":'.repeat(15_000)],
  // Bytes.
  ['a byte order mark', '\ufeff{}'],
  ['UTF-16', Buffer.from('{"a":1}', 'utf16le')],
  ['a lone continuation byte', Buffer.from([0x22, 0x80, 0x22])],
  ['a byte that UTF-8 never has', Buffer.from([0x5b, 0xff, 0x5d])],
  ['an overlong slash', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ['a surrogate in UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])],
  ['a text cut in a letter', Buffer.from([0x22, 0xc3])],
  ['zeros', Buffer.alloc(1000)],
  ['a no-break space', '\u00a0{}'],
  ['a line separator', '[1\u2028]'],
];

describe('a body that is none', () => {
  it.each(BAD)('is a problem of its own: %s', async (_name, payload) => {
    const { status, body } = await post(payload);
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: 'urn:perennial:problem:json', status: 400 });
    expect(body.detail.length).toBeLessThan(200);
  });

  it('says where', async () => {
    expect((await post('{"a":1,"b":2,"a":3}')).body).toMatchObject({
      detail: 'the key "a" is there twice (character 13)',
      at: 13,
    });
    expect((await post('[1,\n 1e999]')).body.at).toBe(5);
  });

  it('leaves every object as it was', () => {
    expect({}).not.toHaveProperty('polluted');
  });

  it.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/x-www-form-urlencoded' }],
    [{ 'content-type': 'multipart/form-data; boundary=x' }],
    [{ 'content-type': 'application/octet-stream' }],
    [{ 'content-type': 'application/jsonp' }],
    [{ 'content-type': 'application/json; charset=utf-16' }],
    [{ 'content-type': 'json' }],
    [{ ...JSON_TYPE, 'content-encoding': 'gzip' }],
  ])('of another kind is refused with 415: %j', async (headers) => {
    expect((await post('{"a":1}', headers)).status).toBe(415);
  });

  it('is cut off where it is longer than the limit', async () => {
    expect((await post(`"${'a'.repeat(100_001)}"`)).status).toBe(413);
  });
});
