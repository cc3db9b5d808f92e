import type { Logger } from 'pino';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import { ConflictError } from '../../contracts/errors.ts';
import type { Alias } from '../../contracts/registry.ts';
import { nameOf, numberOf } from './facts.ts';
import type { Home, homeAt } from './home.ts';
import { ledgerOf, type Move } from './ledger.ts';

/** Aliases of a registered model: the ledger says where they are, MLflow's own follow. */
export function aliasesOf(
  mlflow: Mlflow,
  { home, name, model, log }: { home: ReturnType<typeof homeAt>; name: string; model: string; log?: Logger },
) {
  const ledgerIn = (found: Home) => ledgerOf(mlflow, { run: () => home.ledgerRun(found), model });

  /** Puts MLflow's own alias where the ledger says. Whoever sets it looks at the ledger again afterwards: of several
   *  who do, the last one has seen the last move. It never fails: the ledger is what counts.
   *  @param moves read after `found`, else an alias that is newer would be taken back */
  async function follow(alias: Alias, found: Home, moves: Move[]): Promise<void> {
    let shown = shownIn(found, alias);
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        const should = moves.at(-1)?.version ?? null;
        if (should === shown) return;
        if (should) await mlflow.setAlias(name, alias, numberOf(should) as number);
        else await mlflow.deleteAlias(name, alias);
        shown = should;
        moves = await ledgerIn(found).moves(alias);
      }
    } catch (error) {
      if (!(error instanceof MlflowError) || error.failure === 'cancelled') throw error;
      log?.warn({ alias, reason: error.message }, `MLflow's page does not show where ${alias} is`);
    }
  }

  function tellStray(alias: Alias, found: Home, moves: Move[]): void {
    const shown = shownIn(found, alias);
    const should = moves.at(-1)?.version ?? null;
    // One move behind: its mover was killed before MLflow's alias could follow, or is about to set it.
    if (shown === should || shown === (moves.at(-2)?.version ?? null)) return;
    log?.warn(
      { alias, shown, should, hint: 'to move it, use perennial rollback' },
      `${alias} is not where it was put, perhaps moved by hand on MLflow's page: put back`,
    );
  }

  return {
    /** @returns null where it points nowhere, or there is no model yet */
    async pointer(alias: Alias): Promise<string | null> {
      const found = await home.find();
      if (!found) return null;
      const moves = await ledgerIn(found).moves(alias);
      tellStray(alias, found, moves);
      await follow(alias, found, moves);
      return moves.at(-1)?.version ?? null;
    },

    /** @throws ConflictError if the alias is not where `from` says */
    async move(alias: Alias, move: Omit<Move, 'nonce'>): Promise<void> {
      const found = await home.find();
      if (!found)
        throw new ConflictError(`the registered model ${name} was deleted in MLflow in this moment`, {
          hint: 'ask who did it, then run again',
        });
      await follow(alias, found, await ledgerIn(found).move(alias, move));
    },

    /** Versions that some alias points to, whoever made it point there. */
    async held(): Promise<Set<string>> {
      const found = await home.find();
      if (!found) return new Set();
      const held = new Set(Object.values(found.aliases).map(nameOf));
      for (const alias of ALIASES) {
        const last = (await ledgerIn(found).moves(alias)).at(-1);
        if (last) held.add(last.version);
      }
      return held;
    },
  };
}

const ALIASES: Alias[] = ['champion', 'challenger'];
/** More than one promotion within the milliseconds of two requests is rare, four are no coincidence. */
const TURNS = 4;

function shownIn({ aliases }: Home, alias: Alias): string | null {
  return aliases[alias] ? nameOf(aliases[alias]) : null;
}
