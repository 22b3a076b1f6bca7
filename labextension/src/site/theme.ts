/** Light and dark: as the system has it, until one chooses. The choice is all that the site keeps in the browser. */
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const KEY = 'jupyter-mesh:theme';

export function storedTheme(storage: Pick<Storage, 'getItem'> = localStorage): Theme {
  try {
    const stored = storage.getItem(KEY);
    return THEMES.find(theme => theme === stored) ?? 'system';
  } catch {
    return 'system'; // the browser lets no site keep anything
  }
}

/** Show the pages so, now and at the next visit. */
export function showTheme(theme: Theme, root: HTMLElement = document.documentElement): void {
  root.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // then it holds until the page is left
  }
}
