import type { Github, Permission } from '../../clients/github/github.ts';
import { PerennialError } from '../../contracts/errors.ts';
import type { Params } from '../../contracts/params.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { withoutSecrets } from '../../secrets.ts';
import type { Environment } from '../environment.ts';
import { type Answer, answerText, HELP, refused, replyMarker, told } from './answer.ts';
import { override } from './override.ts';
import { parseCommand, type Said } from './parse-command.ts';
import type { Conversation } from './read-event.ts';
import { reviewAgain, trainNow } from './retrain.ts';

export interface Means {
  github: Github;
  params(): Promise<Params>;
  explain(tract: string): Promise<Answer>;
}

/** Answers a comment, once.
 *  @param open is called only where there is something to answer
 *  @throws PerennialError where what was asked for could not be done, after the answer has said so */
export async function converse(
  environment: Environment,
  conversation: Conversation,
  open: () => Promise<Means>,
): Promise<void> {
  const { comment, number } = conversation;
  const said = parseCommand(comment.body);
  const { author } = comment;
  const ignored = whyIgnored(conversation, said);
  if (ignored || author === null) return environment.console.say(`nothing to answer: ${ignored}`);

  const means = await open();
  const { github } = means;
  if (await isAnswered(github, conversation))
    return environment.console.say('this comment has its answer already');
  await react(environment, github, comment.id, 'eyes');
  const { answer, error } = await answerTo(environment, means, { ...conversation, author }, said);
  const text = withoutSecrets(answerText(answer, { comment: comment.id, author, body: comment.body }));
  const { page } = await github.createComment(number, text);
  await react(environment, github, comment.id, answer.reaction);
  environment.console.say(`answered: ${page}`);
  if (error) throw error;
}

function whyIgnored({ action, comment }: Conversation, said: Said): string | null {
  // An edited comment would let a person's command be changed by who may edit, and run twice.
  if (action !== 'created') return `the comment was ${action}, and only new ones are answered`;
  if (said.word === 'nothing') return 'it does not begin with /perennial';
  if (comment.byBot || comment.author === null) return 'it was written by a robot, or its author is gone';
  return null;
}

/** A run of the workflow may be made again. */
async function isAnswered(github: Github, { number, comment }: Conversation): Promise<boolean> {
  for (const one of await github.comments(number))
    if (one.body.includes(replyMarker(comment.id)) && (await github.ours(one))) return true;
  return false;
}

const MAY_WRITE: Permission[] = ['admin', 'maintain', 'write'];

async function answerTo(
  environment: Environment,
  means: Means,
  asked: Conversation & { author: string },
  said: Said,
): Promise<{ answer: Answer; error?: unknown }> {
  try {
    const may = await means.github.permission(asked.author);
    if (!MAY_WRITE.includes(may))
      return {
        answer: refused(
          `Commands are for people with write access to this repository; your access is \`${may}\`.`,
        ),
      };
    return { answer: await doWhatIsSaid(environment, means, asked, said) };
  } catch (error) {
    environment.log.error({ err: error }, 'could not do what was asked for');
    return { answer: failed(error), error };
  }
}

async function doWhatIsSaid(
  environment: Environment,
  { github, params, explain }: Means,
  { number, isPull, author }: Conversation & { author: string },
  said: Said,
): Promise<Answer> {
  switch (said.word) {
    case 'retrain':
      return isPull ? reviewAgain(github, number, said.model) : trainNow(github, await params(), said.model);
    case 'explain':
      return explain(said.tract);
    case 'override':
      if (!isPull) return refused('An override belongs into the pull request that is blocked.');
      return override(github, { number, by: author, model: said.model, why: said.why }, environment.now());
    case 'wrong':
      return refused(`That was not understood: ${said.why}.\n\n${HELP}`);
    default:
      return told(HELP);
  }
}

function failed(error: unknown): Answer {
  const hint =
    error instanceof PerennialError && error.hint
      ? ` ${escapeMarkdown(`What to do: ${error.hint}`, { longest: 400 })}.`
      : '';
  return refused(`That could not be done: ${escapeMarkdown(messageOf(error), { longest: 400 })}.${hint}`);
}

const messageOf = (error: unknown) =>
  withoutSecrets(
    error instanceof PerennialError
      ? error.message
      : 'an error that was not foreseen; the run’s log tells more',
  );

/** For the eye alone: what failed with it is no reason to stop. */
async function react(
  environment: Environment,
  github: Github,
  comment: number,
  content: Parameters<Github['react']>[1],
): Promise<void> {
  await github.react(comment, content).catch((error: unknown) => {
    environment.log.warn({ err: error }, 'no reaction could be given');
  });
}
