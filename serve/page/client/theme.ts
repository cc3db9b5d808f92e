import { byId } from './html.ts';

const KEY = 'perennial.theme';
type Theme = 'light' | 'dark';

/** The system decides until somebody uses the switch.
 *  @param onChange whatever is drawn, not styled, is drawn anew */
export function theme(onChange: () => void): void {
  const button = byId<HTMLButtonElement>('theme');
  const system = matchMedia('(prefers-color-scheme: dark)');
  const chosen = remembered();
  if (chosen) document.documentElement.dataset.theme = chosen;
  const current = (): Theme =>
    (document.documentElement.dataset.theme as Theme | undefined) ?? (system.matches ? 'dark' : 'light');
  const show = () => {
    button.setAttribute('aria-pressed', String(current() === 'dark'));
    onChange();
  };
  button.addEventListener('click', () => {
    const next = current() === 'dark' ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    remember(next);
    show();
  });
  system.addEventListener('change', show);
  show();
}

function remembered(): Theme | null {
  try {
    const found = localStorage.getItem(KEY);
    return found === 'light' || found === 'dark' ? found : null;
  } catch {
    return null; // A browser may forbid it.
  }
}

function remember(value: Theme): void {
  try {
    localStorage.setItem(KEY, value);
  } catch {
    // It holds until the page is closed.
  }
}
