import { escaped } from '../../../metrics/escape-html.ts';
import type { Manifest } from './manifest.ts';

/** A page with one button for each account that the App may belong to. Plain HTML, nothing loaded. */
export function startPage(manifest: Manifest, targets: { title: string; url: string }[]): string {
  const forms = targets.map(
    ({ title, url }) => `<form method="post" action="${escaped(url)}">
<input type="hidden" name="manifest" value="${escaped(JSON.stringify(manifest))}">
<button>${escaped(title)}</button>
</form>`,
  );
  const rights = Object.entries(manifest.default_permissions).map(
    ([right, level]) => `<li>${escaped(right.replaceAll('_', ' '))}: ${escaped(level)}</li>`,
  );
  return page(
    'A GitHub App for your robots',
    `<p>GitHub shows what the App may do and asks for a name. Then it sends you back here.</p>
<ul>${rights.join('')}</ul>
${forms.join('\n')}`,
  );
}

/** @param installUrl where the App is given to the repository */
export function madePage(installUrl: string): string {
  return page(
    'The App is made',
    `<p>Its key is on your disk. Next: <a href="${escaped(installUrl)}">install it in your repository</a>, then go back to the terminal.</p>`,
  );
}

export function refusedPage(why: string): string {
  return page('That did not work', `<p>${escaped(why)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>body{font:16px/1.5 system-ui;max-width:36rem;margin:3rem auto;padding:0 1rem}button{font:inherit;padding:.5rem 1rem;margin:.5rem 0}</style>
<h1>${title}</h1>
${body}
</html>
`;
}
