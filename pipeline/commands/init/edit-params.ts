import { isDeepStrictEqual } from 'node:util';
import { type Document, parseDocument, YAMLMap } from 'yaml';
import { UsageError } from '../../contracts/errors.ts';
import type { Answers, WantedModel } from './answers.ts';

/** `params.yaml` as the team answered; comments stay, and so does what was not asked. Models that were not named stay
 *  too, not active: they are examples, or will be wanted again.
 *  @returns the very same text where nothing is to be changed */
export function editParams(text: string, { models, schedule }: Pick<Answers, 'models' | 'schedule'>): string {
  const document = parseDocument(text);
  const before = document.toJS();
  // `auto` was chosen by hand.
  if (document.getIn(['promotion', 'mode']) !== 'auto') {
    document.setIn(['promotion', 'mode'], 'pull-request');
  }
  const entries = document.get('models');
  if (!(entries instanceof YAMLMap)) throw new UsageError('params.yaml has no models');
  for (const { key } of entries.items) {
    const name = String(key);
    setActive(
      document,
      name,
      models.some((model) => model.name === name),
    );
  }
  for (const model of models) {
    setSource(document, model);
    const check = ['models', model.name, 'schedule', 'check'];
    if ((document.getIn(check) ?? 'daily') !== schedule.every) document.setIn(check, schedule.every);
  }
  return isDeepStrictEqual(before, document.toJS()) ? text : written(document, text);
}

function setActive(document: Document, name: string, active: boolean): void {
  const entry = document.getIn(['models', name]);
  if (!(entry instanceof YAMLMap)) return;
  if (active) entry.delete('active');
  else if (entry.has('active')) entry.set('active', false);
  else entry.items.unshift(document.createPair('active', false));
}

function setSource(document: Document, { name, source }: WantedModel): void {
  if (source === null) return;
  const there = document.getIn(['models', name, 'source']);
  const urls = [source];
  if (there === undefined) {
    const entry = document.createNode({ task: 'forecast', source: { urls } });
    document.setIn(['models', name], entry);
    document.setIn(['models', name, 'source'], document.createNode({ urls }, { flow: true }));
  } else if (!(there instanceof YAMLMap) || !isDeepStrictEqual(there.toJSON().urls, urls)) {
    throw new UsageError(`--models: ${name} is in params.yaml with another source`, {
      hint: 'give the new source a name of its own: a comparison across different sources is refused',
    });
  }
}

/** In the hand that the file was written in. */
function written(document: Document, text: string): string {
  const out = document.toString({ lineWidth: 0 });
  return /\[ /.test(text) ? out : out.replace(/\[ ([^\]\n]*?) \]/g, '[$1]');
}
