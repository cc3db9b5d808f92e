import { describe, expect, it } from 'vitest';
import { type Answer, type Question, questionsFor } from '../../pipeline/commands/release/questions.ts';
import { taskFor } from '../../pipeline/tasks/index.ts';
import { buildApp } from '../../serve/app.ts';
import { MODEL, type SampleOptions, sampleOf, samplePartsOf } from '../../serve/sample-service.testing.ts';

/** The questions of a release, asked of a real service without its socket. */
async function asked(service: SampleOptions, released: SampleOptions = service) {
  const { files, version, pack } = sampleOf(released);
  const questions = questionsFor([{ model: MODEL, version, bundle: files, pack }], ({ bundle }) =>
    taskFor('forecast').served(bundle),
  );
  const app = await buildApp(samplePartsOf(sampleOf(service)));
  try {
    const answers: { question: Question; answer: Answer }[] = [];
    for (const question of questions) {
      const { method, path: url, body } = question;
      const reply = await app.inject({ method, url, ...(body !== undefined && { payload: body as object }) });
      const headers = Object.fromEntries(
        Object.entries(reply.headers).map(([name, value]) => [name, String(value)]),
      );
      answers.push({ question, answer: { status: reply.statusCode, headers, text: reply.body } });
    }
    return answers;
  } finally {
    await app.close();
  }
}

const told = (answers: Awaited<ReturnType<typeof asked>>) =>
  answers.map(({ question, answer }) => ({ what: question.what, ...question.judge(answer) }));

describe('what an image is asked before it is released', () => {
  it('is answered rightly by a service of the same bundle and pack', async () => {
    const verdicts = told(await asked({}));
    expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
    expect(verdicts.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'is ready',
        `${MODEL}: version and digest`,
        `${MODEL}: forecast at 40.5, -75.5`,
        `${MODEL}: a known row`,
        `${MODEL}: metrics`,
      ]),
    );
  });

  it('finds another model, another version, other numbers and other tracts', async () => {
    const failed = async (service: SampleOptions) =>
      told(await asked(service, {}))
        .filter(({ passed }) => !passed)
        .map(({ what }) => what);
    expect(await failed({ version: 'v0007' })).toEqual(
      expect.arrayContaining([`${MODEL}: version and digest`, `${MODEL}: metrics`]),
    );
    // Its answers are the same on such regular days: only its digest tells it apart.
    expect(await failed({ candidate: 'seasonal-naive-growth' })).toEqual([`${MODEL}: version and digest`]);
    expect(await failed({ tracts: 1 })).toContain(`${MODEL}: forecast at 40.5, -74.5`);
  });

  it('finds a service that answers with errors, half or nonsense', async () => {
    for (const broken of ['{}', '[]', 'null', 'not JSON', '{"forecast":[{"point":"1"}]}']) {
      for (const { question, answer } of await asked({})) {
        if (answer.status !== 200 || question.path.startsWith('/health/')) continue;
        expect(question.judge({ ...answer, text: broken }).passed, `${question.what}: ${broken}`).toBe(false);
        expect(question.judge({ ...answer, status: 503 }).passed).toBe(false);
      }
    }
  });
});
