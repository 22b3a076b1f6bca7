import { vi } from 'vitest';

// Files of one worker share its page: each begins on an empty one, at the real time.
vi.useRealTimers();
globalThis.document.head.replaceChildren();
globalThis.document.body.replaceChildren();
globalThis.localStorage.clear();
globalThis.sessionStorage.clear();

// What JupyterLab's modules expect of a browser while they load, and jsdom lacks.
class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}

globalThis.DragEvent ??= class DragEvent extends globalThis.MouseEvent {};
globalThis.IntersectionObserver ??= Observer;
globalThis.ResizeObserver ??= Observer;
globalThis.matchMedia ??= () => ({
  matches: false,
  addEventListener() {},
  removeEventListener() {}
});
globalThis.requestIdleCallback ??= callback => globalThis.setTimeout(callback, 0);
