// Small parts that several screens share: the shell lines of an action, copy buttons, definition rows, toasts and an
// empty state. No part knows the model.

import { copy, fill, h } from './h.js';

/** @typedef {import('../net/api.js').Request} Request */
/** @typedef {import('../net/api.js').Api} Api */

/** The `p2psim` and the `curl` line of a request, each with a button that copies it. */
export class ShellLines {
  /** @param {Api} api @param {string} [hint] what stands there before the first action; without one there is no room for it */
  constructor(api, hint = '') {
    const title = 'The same from a shell';
    this.api = api;
    this.body = h('div.shell-body', {}, hint ? h('p.hint', {}, hint) : null);
    this.element = h('section.shell', { 'aria-label': title, hidden: !hint }, h('p.shell-title', { 'aria-hidden': 'true' }, title), this.body);
  }

  /** @param {Request} request */
  show(request) {
    this.element.hidden = false;
    // Not everything that the page can do has a command of its own.
    fill(this.body, request.cli ? copyLine(this.api.cli(request)) : null, copyLine(this.api.curl(request)));
  }

  /** Two lines that do not come from a request. @param {string[]} lines */
  showLines(lines) {
    this.element.hidden = false;
    fill(this.body, lines.map(copyLine));
  }
}

/** @param {string} line */
export function copyLine(line) {
  const button = h('button.copy', { 'aria-label': 'copy this line', onclick: async () => {
    await copy(line);
    button.textContent = 'copied';
    setTimeout(() => { button.textContent = 'copy'; }, 1200);
  } }, 'copy');
  return h('div.copy-line', {}, h('code', { tabIndex: 0 }, line), button);
}

/** A button that does a request, and shows its lines while it is looked at.
 * @param {{act: (request: Request, done?: string) => Promise<any>, api: Api}} app @param {ShellLines} lines
 * @param {string} label @param {() => Request} request @param {{kind?: string, done?: string, ask?: () => Promise<boolean>, after?: () => void}} [more] */
export function actionButton(app, lines, label, request, { kind = '', done, ask, after } = {}) {
  const button = h('button', {
    class: kind, hidden: !app.api.has(request().route),
    onclick: async () => {
      if (ask && !(await ask())) return;
      button.disabled = true;
      try {
        await app.act(request(), done);
        after?.();
      } catch {
        // What went wrong has been told.
      } finally {
        button.disabled = false;
      }
    },
    onpointerenter: () => lines.show(request()), onfocus: () => lines.show(request()),
  }, label);
  return button;
}

/** Names and values, side by side. @param {[string, HTMLElement | string][]} rows */
export function facts(rows) {
  return h('dl.facts', {}, rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

/** @param {string} title @param {...import('./h.js').Child} children */
export function card(title, ...children) {
  return h('section.card', {}, h('h2', {}, title), ...children);
}

/** @param {string} text @param {'good' | 'bad' | ''} kind */
export function toast(text, kind = '') {
  const place = document.getElementById('toasts');
  const last = place?.lastElementChild;
  if (!place || last?.textContent === text) return;
  const box = h('div', { class: `toast ${kind}` }, text);
  place.append(box);
  while (place.children.length > 3) place.firstElementChild?.remove();
  setTimeout(() => box.remove(), kind === 'bad' ? 9000 : 3500);
}
