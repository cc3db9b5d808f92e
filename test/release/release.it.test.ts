import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dockerAt } from '../../pipeline/clients/docker.ts';
import { imageHome, imageRegistryAt } from '../../pipeline/clients/image-registry.ts';
import { HistoryEntry } from '../../pipeline/contracts/promotion.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { Released } from '../../pipeline/contracts/released.ts';
import { sealBundle } from '../../pipeline/registry/manifest.ts';
import { MODEL, type Sample, sampleOf } from '../../serve/sample-service.testing.ts';
import type { Finished } from '../workflows/actions.ts';
import { canRelease, factsOf, REGISTRY, ReleaseTeam, type Step } from './release-team.ts';
import { ReleaseWorkflow } from './release-workflow.ts';

describe.skipIf(!(await canRelease()))('releasing', () => {
  let team: ReleaseTeam;
  /** It takes its time to start; meanwhile other chapters go on. */
  let starting: Promise<ReleaseWorkflow | null>;
  let good: RegisteredVersion;
  let better: RegisteredVersion;
  const first = sampleOf();
  const second = sampleOf({ days: 150 });

  beforeAll(async () => {
    team = await ReleaseTeam.start(REGISTRY);
    starting = ReleaseWorkflow.start(team);
    starting.catch(() => {});
    good = await team.register(first);
    better = await team.register(second);
    await team.observe(first.pack);
  });
  afterAll(async () => {
    process.stdout.write(`\n${team?.told()}\n`);
    const workflow = await starting?.catch(() => null);
    await workflow?.end();
    await team?.end();
    // Images here and there: each run has a repository of its own.
    const name = team?.images.replace(/^https?:\/\//, '');
    for (const filter of ['reference=perennial:v*', `reference=${name}`])
      for (const { reference, id } of await dockerAt().images(filter))
        await dockerAt().removeImage(reference.includes('<none>') ? id : reference);
    for (const tag of await images().tags()) {
      const digest = await images().digest(tag);
      if (digest) await images().remove(digest);
    }
  });

  const latest = () => team.host.state.releases.find((release) => release.latest);
  const champion = () => team.registry.pointer('champion');
  const images = () => imageRegistryAt(imageHome(team.images));
  const done = (step: Step) => expect(step.exitCode, `${step.step}: ${step.stderr}\n${step.stdout}`).toBe(0);

  it('builds, pushes, starts and asks the first one, and only then publishes it', async () => {
    team.tells('first release');
    await team.promote(good);
    const plan = await team.plan();
    done(plan);
    expect(plan.outputs).toMatchObject({
      changed: 'true',
      version: 'v1.0.0',
      models: `["${MODEL}"]`,
      image: 'true',
    });
    const build = await team.build(plan);
    done(build);
    const push = await team.push(plan);
    done(push);
    const { image } = push.outputs;
    expect(image).toMatch(/\/perennial@sha256:[0-9a-f]{64}$/);
    expect(await champion()).toBeNull();
    expect(await images().tags()).not.toContain('latest');
    const verify = await team.verify(plan, image);
    done(verify);
    for (const asked of ['forecast at 40', 'a known row', 'metrics', 'ends when it is told to'])
      expect(verify.summary).toContain(asked);
    expect(verify.summary).not.toContain('✗');
    done(await team.publish(plan, image));
    expect(await champion()).toBe(good.version);
    expect(latest()).toMatchObject({ tag: 'v1.0.0', draft: false, commit: plan.outputs.commit });
    expect(
      latest()!
        .assets.map(({ name }) => name)
        .sort(),
    ).toEqual(
      [
        `${MODEL}-${good.version}.zip`,
        `${MODEL}-model-card.md`,
        `${MODEL}-pack.zip`,
        'released.json',
        'sbom.cdx.json',
      ].sort(),
    );
    const released = Released.parse(JSON.parse(fileOf('released.json').toString()));
    expect(released).toMatchObject({
      tag: 'v1.0.0',
      image,
      models: { [MODEL]: { version: { digest: good.digest } } },
    });
    expect(JSON.parse(fileOf('sbom.cdx.json').toString()).components.length).toBeGreaterThan(20);
    const tags = await images().tags();
    for (const name of ['v1.0.0', 'v1.0', 'latest', `${MODEL}-${good.version}`]) {
      expect(tags).toContain(name);
      expect(`${team.images.replace('http://', '')}@${await images().digest(name)}`).toBe(image);
    }
  });

  it('does nothing for data, reports and documents', async () => {
    team.tells('data alone');
    await team.merge({
      [`reports/${MODEL}/gate.md`]: 'passed\n',
      'docs/notes.md': 'a note\n',
      'serve/x.test.ts': '',
    });
    const plan = await team.plan();
    done(plan);
    expect(plan.outputs).toMatchObject({ changed: 'false', version: '' });
    expect(plan.summary).toContain('no image is built');
  });

  it('counts on where a tag is taken, and completes what was killed', async () => {
    team.tells('a model, a taken tag, a killed run');
    const elsewhere = (await team.git('rev-parse', 'HEAD~1')).stdout;
    await team.promote(better);
    const plan = await team.plan();
    expect(plan.outputs).toMatchObject({ changed: 'true', version: 'v1.0.1' });
    done(await team.build(plan));
    const { image } = (await team.push(plan)).outputs;
    done(await team.verify(plan, image));
    await execa('git', ['tag', 'v1.0.1', elsewhere], { cwd: team.host.bare });
    // Away for the second file, and then once more right before the end.
    team.host.fail({ method: 'POST', path: /\/assets$/, status: 500, after: 1, times: 9 });
    expect((await team.publish(plan, image)).exitCode).not.toBe(0);
    expect([await champion(), latest()?.tag]).toEqual([good.version, 'v1.0.0']);
    team.host.faults.clear();
    team.host.fail({ method: 'PATCH', path: /\/releases\//, status: 500, times: 9 });
    expect((await team.publish(plan, image)).exitCode).not.toBe(0);
    team.host.faults.clear();
    done(await team.publish(plan, image));
    done(await team.publish(plan, image));
    expect([await champion(), latest()?.tag]).toEqual([better.version, 'v1.0.2']);
    const { releases } = team.host.state;
    expect(releases.map(({ tag }) => tag)).toEqual(['v1.0.0', 'v1.0.2']);
    expect(new Set(latest()!.assets.map(({ name }) => name)).size).toBe(latest()!.assets.length);
    expect((await team.plan()).outputs.changed).toBe('false');
  });

  it('moves nothing for a bundle that answers otherwise than at its birth, and takes it back', async () => {
    team.tells('golden answers differ');
    const bad = await team.register(changedAnswers(sampleOf({ days: 160 })));
    await team.promote(bad);
    const plan = await team.plan();
    expect(plan.outputs.version).toBe('v1.0.3');
    const build = await team.build(plan);
    expect(build.exitCode).not.toBe(0);
    expect(build.outputs.refused).toContain('answers its warm-up requests otherwise');
    done(await team.revert(plan, build.outputs.refused));
    done(await team.revert(plan, build.outputs.refused));
    expect([await champion(), latest()?.tag]).toEqual([better.version, 'v1.0.2']);
    const open = team.host.state.pulls.filter(({ state }) => state === 'open');
    expect(open.map(({ title }) => title)).toEqual([`roll back ${MODEL} to ${better.version}`]);
    expect(open[0].body).toContain('answers its warm-up requests otherwise');
    // It is not tried again by itself while that is open.
    await team.merge({ 'docs/notes.md': 'another note\n' });
    const again = await team.plan();
    expect(again.outputs.changed).toBe('false');
    expect(again.summary).toContain(`merge #${open[0].number}`);
    const changed = await filesOfPull(open[0].head.sha);
    expect(changed).toHaveLength(2);
    expect(changed.every((path) => /^reports\/infections\/(production\.json|history\/)/.test(path))).toBe(
      true,
    );
    await team.mergePull(open[0].number);
    await team.pull();
    expect((await team.plan()).outputs.changed).toBe('false');
    const entry = HistoryEntry.parse(
      JSON.parse(await team.read(changed.find((path) => path.includes('history'))!)),
    );
    expect(entry).toMatchObject({
      kind: 'rollback',
      from: bad.version,
      to: better.version,
      barred: { digest: bad.digest },
    });
  });

  it('moves nothing for an image that does not start, and says so in an issue', async () => {
    team.tells('the image does not start');
    const main = await team.read('serve/main.ts');
    await team.merge(
      { 'serve/main.ts': `${main}\nthrow new Error('no model can be opened today');\n` },
      'serve!: starts otherwise',
    );
    const plan = await team.plan();
    expect(plan.outputs).toMatchObject({ changed: 'true', version: 'v2.0.0' });
    done(await team.build(plan));
    const { image } = (await team.push(plan)).outputs;
    const verify = await team.verify(plan, image);
    expect(verify.exitCode).not.toBe(0);
    expect(verify.outputs.refused).toContain('does not start');
    expect(verify.summary).toContain('no model can be opened today');
    done(await team.revert(plan, verify.outputs.refused));
    expect([await champion(), latest()?.tag]).toEqual([better.version, 'v1.0.2']);
    const issues = team.host.state.issues.filter(({ state }) => state === 'open');
    expect(issues.map(({ title }) => title)).toEqual(['A release failed its verification']);
    await team.merge({ 'serve/main.ts': main }, 'serve: starts again');
    expect((await team.plan()).outputs.changed).toBe('false');
  });

  it('goes back to an earlier release in one click, verified the same way', async () => {
    team.tells('rollback');
    const proposed = await team.step('rollback-propose', MODEL, '--to', '', '--why', 'forecasts of zero');
    done(proposed);
    const [open] = team.host.state.pulls.filter(({ state }) => state === 'open');
    expect(open.title).toBe(`roll back ${MODEL} to ${good.version}`);
    await team.mergePull(open.number);
    await team.pull();
    const plan = await team.plan();
    expect(plan.outputs).toMatchObject({ changed: 'true', version: 'v1.0.3' });
    done(await team.build(plan));
    const { image } = (await team.push(plan)).outputs;
    done(await team.verify(plan, image));
    done(await team.publish(plan, image));
    expect([await champion(), latest()?.tag]).toEqual([good.version, 'v1.0.3']);
    expect(team.host.state.issues.filter(({ state }) => state === 'open')).toEqual([]);
    // What was taken away does not come back by a second click.
    const back = await team.step('rollback-propose', MODEL, '--to', 'v0009', '--why', 'a slip');
    expect(back.exitCode).not.toBe(0);
    expect(back.stderr).toContain('was never released');
  });

  it('is what release.yml does when a promotion is merged', async ({ skip }) => {
    team.tells('release.yml');
    const workflow = await starting;
    if (!workflow) return skip('this machine has no Go to build act with');
    const { registry } = workflow;
    const { files, version, pack } = sampleOf({ days: 170 });
    const promoted = await registry.register(files, factsOf(version));
    await team.observe(pack);
    const number = await team.propose(promoted);
    expect(await registry.pointer('champion')).toBeNull();
    const run = await workflow.merged(number);
    expect(results(run), run.log).toEqual({
      ...{ plan: 'success', build: 'success', verify: 'success', publish: 'success', revert: 'skipped' },
    });
    const commit = await team.pull();
    const tag = latest()!.tag;
    expect(tag).toBe('v1.0.4');
    expect((await team.git('--git-dir', team.host.bare, 'rev-parse', tag)).stdout).toBe(commit);
    const released = Released.parse(JSON.parse(fileOf('released.json').toString()));
    expect(released).toMatchObject({
      ...{ tag, commit, image: `${team.images.replace('http://', '')}@${await images().digest(tag)}` },
      models: { [MODEL]: { version: { digest: promoted.digest }, pack: expect.anything() } },
    });
    expect(fileOf('sbom.cdx.json').toString()).toContain('CycloneDX');
    expect(fileOf(`${MODEL}-model-card.md`).toString()).toContain(promoted.digest);
    const asked = run.jobs.find(({ id }) => id === 'verify')?.summary;
    for (const what of ['forecast at 40', 'a known row', 'label: models']) expect(asked).toContain(what);
    expect(asked).not.toContain('✗');
    expect(await registry.pointer('champion')).toBe(promoted.version);
  });

  it('moves nothing where release.yml finds the image wrong, and takes it back', async ({ skip }) => {
    team.tells('release.yml, an image with root’s rights');
    const workflow = await starting;
    if (!workflow) return skip('this machine has no Go to build act with');
    const { registry } = workflow;
    const served = {
      champion: await registry.pointer('champion'),
      release: latest()?.tag,
      image: await images().digest('latest'),
    };
    const { files, version } = sampleOf({ days: 180 });
    const promoted = await registry.register(files, factsOf(version));
    const dockerfile = await team.read('Dockerfile');
    const number = await team.propose(promoted, {
      Dockerfile: dockerfile.replace('USER 1000:1000', 'USER 0'),
    });
    const run = await workflow.merged(number);
    expect(results(run), run.log).toEqual({
      ...{ plan: 'success', build: 'success', verify: 'failure', publish: 'skipped', revert: 'success' },
    });
    expect(run.jobs.find(({ id }) => id === 'verify')?.summary).toMatch(/✗ .*runs without root/);
    expect(await registry.pointer('champion')).toBe(served.champion);
    expect([latest()?.tag, await images().digest('latest')]).toEqual([served.release, served.image]);
    expect(team.host.state.releases.filter(({ draft }) => draft)).toEqual([]);
    const [back, ...others] = team.host.state.pulls.filter(({ state }) => state === 'open');
    expect(others).toEqual([]);
    expect(back.title).toBe(`roll back ${MODEL} to ${served.champion}`);
    expect(back.body).toContain('runs without root');
    const changed = await filesOfPull(back.head.sha);
    expect(changed).toHaveLength(2);
    for (const path of changed) expect(path).toMatch(/^reports\/infections\/(production\.json|history\/)/);
  });

  const fileOf = (name: string) => latest()!.assets.find((asset) => asset.name === name)!.bytes;
  const filesOfPull = async (sha: string) =>
    (
      await execa('git', ['diff-tree', '-r', '--name-only', '--no-commit-id', sha], { cwd: team.host.bare })
    ).stdout.split('\n');
});

const results = (run: Finished) => Object.fromEntries(run.jobs.map(({ id, result }) => [id, result]));

/** The same bundle with other golden answers: code that reads bundles wrongly looks like this. */
function changedAnswers(sample: Sample): Sample {
  const { files } = sample;
  const warmUp = JSON.parse(Buffer.from(files.get('warm-up.json')!).toString());
  const text = JSON.stringify(warmUp, (key, value) =>
    key === 'point' && Array.isArray(value) ? value.map((one: number) => one * 2) : value,
  );
  const { format: _, files: __, ...about } = JSON.parse(Buffer.from(files.get('bundle.json')!).toString());
  const changed = new Map([...files].filter(([path]) => path !== 'bundle.json'));
  const sealed = sealBundle(changed.set('warm-up.json', Buffer.from(text)), about);
  return { ...sample, files: sealed.files, version: { ...sample.version, digest: sealed.digest } };
}
