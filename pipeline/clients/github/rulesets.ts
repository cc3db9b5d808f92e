import { z } from 'zod';
import type { Ask } from './ask.ts';
import type { Github, Ruleset } from './github.ts';

const RULESETS = '/repos/{owner}/{repo}/rulesets';

const RulesetAnswer = z
  .object({
    id: z.number(),
    name: z.string(),
    target: z.string().nullish(),
    enforcement: z.enum(['active', 'disabled', 'evaluate']),
    conditions: z
      .object({
        ref_name: z
          .object({ include: z.array(z.string()).default([]), exclude: z.array(z.string()).default([]) })
          .default({ include: [], exclude: [] }),
      })
      .nullish(),
    rules: z
      .array(z.object({ type: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }))
      .default([]),
    // Told only to who may change them.
    bypass_actors: z
      .array(
        z.object({
          actor_id: z.number().nullish(),
          actor_type: z.string(),
          bypass_mode: z.string().default('always'),
        }),
      )
      .default([]),
  })
  .transform(
    ({ id, name, enforcement, conditions, rules, bypass_actors }): Ruleset => ({
      id,
      name,
      target: 'branch',
      enforcement,
      conditions: { ref_name: conditions?.ref_name ?? { include: [], exclude: [] } },
      rules,
      bypass_actors: bypass_actors.map((actor) => ({ ...actor, actor_id: actor.actor_id ?? null })),
    }),
  );

export function rulesets(ask: Ask): Pick<Github, 'rulesets' | 'createRuleset' | 'updateRuleset'> {
  return {
    /** The list has no rules in it; each is asked for. */
    async rulesets() {
      const params = { includes_parents: false, targets: 'branch' };
      const listed = await ask.pages(
        { route: `GET ${RULESETS}`, params, about: 'rulesets' },
        z.object({ id: z.number(), target: z.string().nullish() }),
      );
      const found: Ruleset[] = [];
      for (const { id, target } of listed) {
        if (target != null && target !== 'branch') continue;
        const asked = {
          route: `GET ${RULESETS}/{ruleset_id}`,
          params: { ruleset_id: id, includes_parents: false },
          about: `ruleset ${id}`,
        };
        const one = await ask.orNull(asked, RulesetAnswer);
        if (one) found.push(one);
      }
      return found;
    },
    createRuleset: (ruleset) =>
      ask(
        { route: `POST ${RULESETS}`, params: bodyOf(ruleset), about: `a ruleset "${ruleset.name}"` },
        RulesetAnswer,
      ),
    updateRuleset: (ruleset_id, ruleset) =>
      ask(
        {
          route: `PUT ${RULESETS}/{ruleset_id}`,
          params: { ruleset_id, ...bodyOf(ruleset) },
          about: `ruleset "${ruleset.name}"`,
        },
        RulesetAnswer,
      ),
  };
}

function bodyOf({ id: _id, ...ruleset }: Ruleset): Record<string, unknown> {
  return { ...ruleset };
}
