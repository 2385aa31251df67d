// Running a scenario from its file on the server, where the server offers runs: progress, verdict, report, and two runs
// side by side. Without such routes there is no card: `p2psim run` does it from a shell.

import { field, fill, h, put } from './h.js';
import { card, copyLine } from './parts.js';

/** @typedef {import('../main.js').App} App */

export class Scenarios {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.list = h('ul.kept', { 'aria-live': 'polite' });
    this.busy = false;
  }

  cards() {
    const { app } = this;
    if (!app.api.has('POST /runs')) {
      return [card('Scenarios', h('p.muted', {}, 'A scenario file holds a whole experiment with what is expected of it. Run it from a shell:'), copyLine('p2psim run scenarios/ping-pong.toml'))];
    }
    const text = h('textarea', { rows: 8, spellcheck: false, placeholder: 'a scenario, as TOML' });
    const file = h('input', { type: 'file', accept: '.toml', 'aria-label': 'scenario file', onchange: async () => { text.value = (await file.files?.[0]?.text()) ?? text.value; } });
    const problem = h('small.problem', { id: 'scenario-problem' });
    text.setAttribute('aria-describedby', 'scenario-problem');
    const run = h('button.primary', { onclick: async () => {
      put(problem, '');
      run.disabled = true;
      try {
        await app.api.send({ method: 'POST', path: '/runs', text: text.value, cli: 'p2psim run scenario.toml', route: 'POST /runs' });
        await this.refresh();
      } catch (error) {
        put(problem, error instanceof Error ? error.message : String(error));
      }
      run.disabled = false;
    } }, 'Run');
    this.refresh();
    return [card('Scenarios', field('Scenario', text), file, problem, h('div.row', {}, run), this.list)];
  }

  update() {
    if (this.busy) this.refresh();
  }

  async refresh() {
    const { app } = this;
    if (!app.api.has('GET /runs')) return;
    try {
      const runs = /** @type {any[]} */ (await app.api.send({ method: 'GET', path: '/runs', cli: '', route: 'GET /runs' }));
      this.busy = runs.some((run) => run.state === 'running');
      fill(this.list, runs.map((run) => h('li', {}, `${run.name ?? run.id}: ${run.state ?? ''} `, run.progress === undefined ? null : h('progress', { max: 1, value: run.progress, 'aria-label': 'progress' }),
        app.api.has('GET /runs/{}/report') ? h('a', { href: new URL(`runs/${encodeURIComponent(run.id)}/report`, app.base).href, target: '_blank', rel: 'noopener' }, 'report') : null)));
    } catch {
      this.busy = false;
    }
  }
}
