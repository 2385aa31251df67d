// Scenarios and their runs: one is chosen or written, checked while it is typed, run on the server in a network of its own
// that this page watches meanwhile; its report opens afterwards, and two runs stand side by side. Without such routes
// there is a line for a shell instead.

import { plural, span } from '../core/format.js';
import { runs as ask } from '../net/api.js';
import { attribute, field, fill, h, put, select } from './h.js';
import { actionButton, card, copyLine } from './parts.js';

/** @typedef {import('../main.js').App} App */
/** @typedef {{id: number, name: string, seed: number, pace: string, state: string, doing?: string, progress: number, error?: string, digest?: string,
 *   simulated_seconds?: number, wall_seconds?: number, expectations?: {name: string, passed: boolean, detail: string}[]}} Run */

/** Milliseconds between two looks at a run. */
const LOOK = 700;

export class Scenarios {
  /** @param {App} app @param {import('./parts.js').ShellLines} lines */
  constructor(app, lines) {
    this.app = app;
    this.lines = lines;
    this.known = select([['', 'of my own']], '', (name) => this.choose(name));
    this.question = h('p.muted');
    this.text = h('textarea', { rows: 12, spellcheck: false, placeholder: 'a scenario, as TOML', oninput: () => this.checkSoon() });
    this.verdict = h('p.hint', { id: 'scenario-verdict', 'aria-live': 'polite' });
    this.text.setAttribute('aria-describedby', 'scenario-verdict');
    this.seed = h('input', { type: 'number', min: '0', placeholder: 'its own' });
    this.pace = select([['max', 'as fast as possible'], ['1', '×1'], ['5', '×5'], ['20', '×20']], 'max', () => {});
    this.list = h('tbody');
    this.compare = h('a', { target: '_blank', rel: 'noopener', hidden: true }, 'Compare the two');
    /** What the text was when it was chosen, and its name: run by that, it finds the files beside it. */
    this.chosen = { name: '', text: '' };
    /** @type {Set<number>} */
    this.picked = new Set();
    /** @type {Run[]} */
    this.all = [];
    this.looked = -Infinity;
    this.busy = true;
  }

  cards() {
    const { app, lines } = this;
    if (!app.api.has('POST /runs')) {
      return [card('Scenarios', h('p.muted', {}, 'A scenario file holds a whole experiment with what is expected of it. Run it from a shell:'), copyLine('p2psim run scenarios/ping-pong.toml'))];
    }
    const file = h('input', { type: 'file', accept: '.toml', hidden: true, 'aria-label': 'scenario file', onchange: async () => {
      const text = await file.files?.[0]?.text();
      if (text !== undefined) this.show('', text);
      file.value = '';
    } });
    const heads = ['', 'Run', 'Scenario', 'Seed', 'State', 'Simulated', 'Took', ''];
    const table = h('table.plain.runs', { 'aria-label': 'runs' }, h('thead', {}, h('tr', {}, heads.map((name, i) => h('th', { scope: 'col', class: i > 4 && i < 7 ? 'right' : '' }, name || h('span.visually-hidden', {}, i ? 'actions' : 'compare'))))), this.list);
    this.learn();
    return [h('section.card.scenarios', {}, h('h2', {}, 'Scenarios'),
      h('div.form', {}, field('Scenario', this.known), field('Seed', this.seed), field('Pace', this.pace)), this.question, field('Text', this.text), this.verdict,
      h('div.row', {}, actionButton(app, lines, 'Run', () => this.request(), { kind: 'primary', done: 'the run has begun; this page shows its network', after: () => this.look() }),
        h('button', { onclick: () => file.click() }, 'Open a file'), file), table, this.compare)];
  }

  async learn() {
    const { app } = this;
    try {
      const known = /** @type {{name: string, question?: string}[]} */ (await app.api.send(ask.scenarios()));
      fill(this.known, h('option', { value: '' }, 'of my own'), known.map(({ name }) => h('option', { value: name }, name)));
      this.questions = new Map(known.map(({ name, question }) => [name, question ?? '']));
    } catch (error) {
      app.refused(error);
    }
    this.look();
  }

  questions = new Map();

  /** @param {string} name */
  async choose(name) {
    if (!name) return this.show('', this.text.value);
    try {
      this.show(name, await this.app.api.send(ask.scenario(name)));
    } catch (error) {
      this.app.refused(error);
    }
  }

  /** @param {string} name @param {string} text */
  show(name, text) {
    this.chosen = { name, text };
    this.text.value = text;
    this.known.value = name;
    put(this.question, this.questions.get(name) ?? '');
    this.check();
  }

  /** @returns {import('../net/api.js').Request} */
  request() {
    const { name, text } = this.chosen, as = name && text === this.text.value ? name : '';
    return ask.start(as, as ? '' : this.text.value, this.seed.value, this.pace.value);
  }

  checkSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.check(), 300);
  }

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  soon;

  async check() {
    const text = this.text.value;
    if (!text.trim()) return put(this.verdict, '');
    try {
      const { ok, nodes, seconds, problem } = await this.app.api.send(ask.check(text));
      if (text !== this.text.value) return undefined;
      attribute(this.text, 'aria-invalid', ok ? null : 'true');
      if (ok) return put(this.verdict, `It can be run: ${plural(nodes, 'node')}, ${span(seconds)} of simulated time.`);
      const { line, column, length, message, help } = problem;
      fill(this.verdict, h('button.link', { onclick: () => this.mark(line, column, length) }, `line ${line}, column ${column}`), `: ${message}${help ? `. ${help}` : ''}`);
    } catch (error) {
      put(this.verdict, error instanceof Error ? error.message : String(error));
    }
    return undefined;
  }

  /** Selects what is wrong. @param {number} line @param {number} column @param {number} length */
  mark(line, column, length) {
    const lines = this.text.value.split('\n'), from = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    this.text.focus();
    this.text.setSelectionRange(from, from + Math.max(1, length));
  }

  update() {
    if (this.busy && performance.now() - this.looked > LOOK) this.look();
  }

  async look() {
    const { app } = this;
    if (!app.api.has('GET /runs')) return;
    this.looked = performance.now();
    try {
      this.all = await app.api.send(ask.list());
      this.busy = this.all.some((run) => run.state === 'running');
      this.showRuns();
      if (this.busy) setTimeout(() => this.look(), LOOK);
    } catch {
      // The line to the server says so, and begins anew when it is back.
      this.busy = true;
    }
  }

  showRuns() {
    const key = JSON.stringify([this.all, [...this.picked]]);
    if (this.list.dataset.key === key) return;
    this.list.dataset.key = key;
    fill(this.list, this.all.map((run) => this.row(run)));
    const [one, other] = [...this.picked].sort((p, q) => p - q);
    this.compare.hidden = other === undefined;
    if (other !== undefined) this.compare.href = new URL(ask.compare(one, other), this.app.base).href;
  }

  /** @param {Run} run */
  row(run) {
    const { app, lines } = this, id = String(run.id), ended = run.state === 'passed' || run.state === 'failed';
    const pick = h('input', { type: 'checkbox', 'aria-label': `compare run ${id}`, checked: this.picked.has(run.id), disabled: !ended, onchange: () => {
      this.picked.delete(run.id);
      if (pick.checked) this.picked = new Set([...this.picked].slice(-1)).add(run.id);
      this.showRuns();
    } });
    const held = (run.expectations ?? []).filter((one) => one.passed).length, of = run.expectations?.length ?? 0;
    const state = run.state === 'running' ? h('span', {}, h('progress', { max: 1, value: run.progress, 'aria-label': `progress of run ${id}` }), ` ${run.doing ?? ''}`)
      : h('span', { class: { passed: 'good', failed: 'bad', broken: 'bad' }[run.state] ?? '', title: run.error ?? (run.expectations ?? []).map((one) => `${one.passed ? '✓' : '✗'} ${one.name}: ${one.detail}`).join('\n') },
        `${{ passed: '✓ ', failed: '✗ ', broken: '✗ ' }[run.state] ?? ''}${run.state}${of ? `, ${held} of ${of} hold` : ''}${run.error ? `: ${run.error}` : ''}`);
    const act = (/** @type {string} */ label, /** @type {() => import('../net/api.js').Request} */ request) => actionButton(app, lines, label, request, { kind: 'link', after: () => this.look() });
    return h('tr', {}, h('td', {}, pick), h('td', {}, id), h('td', {}, run.name), h('td', {}, String(run.seed)), h('td', {}, state),
      h('td.right', {}, run.simulated_seconds === undefined ? '' : span(run.simulated_seconds)), h('td.right', {}, run.wall_seconds === undefined ? '' : span(run.wall_seconds)),
      h('td', {}, run.state === 'running' ? [h('a', { href: '#network' }, 'watch'), ' ', act('stop', () => ask.stop(id))]
        : [ended ? h('a', { href: new URL(ask.report(id), app.base).href, target: '_blank', rel: 'noopener' }, 'report') : null, ' ', act('forget', () => ask.forget(id))]));
  }
}
