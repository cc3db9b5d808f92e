import type { Github } from '../../clients/github/github.ts';
import type { ModelCollected } from './collect-model.ts';
import { GATE_LABEL, gateIssueOf, gateIssueStep } from './gate-issue.ts';

/** Opens, rewrites and closes the issues of refused data: one request where there is nothing to tell.
 *  @returns sentences for the log */
export async function tellGate(
  github: Github,
  looked: ModelCollected[],
  page: string | null,
): Promise<string[]> {
  const judged = looked.flatMap(({ model, gate }) => (gate ? [{ model, ...gate }] : []));
  if (judged.length === 0) return [];
  const login = await github.login();
  const issues = await github.openIssues({ labels: [GATE_LABEL] });
  const said: string[] = [];
  for (const { model, report, text } of judged) {
    const open = gateIssueOf(model, issues, login);
    const step = gateIssueStep({ model, report, text, open, page });
    if (step.do === 'open') {
      const { number } = await github.createIssue({
        title: step.title,
        body: step.body,
        labels: [GATE_LABEL],
      });
      said.push(`${model}: opened issue #${number}`);
    } else if (step.do === 'edit' && open) {
      await github.updateIssue(open.number, { title: step.title, body: step.body });
      said.push(`${model}: issue #${open.number} rewritten`);
    } else if (step.do === 'close' && open) {
      await github.createComment(open.number, step.word);
      await github.updateIssue(open.number, { state: 'closed' });
      said.push(`${model}: issue #${open.number} closed`);
    }
  }
  return said;
}
