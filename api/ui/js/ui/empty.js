// What stands in place of the graph when there is no network: three ways to get one. Hides itself as soon as there is.

import { requests } from '../net/api.js';
import { h, put } from './h.js';

/** @typedef {import('../main.js').App} App */

export class Empty {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    this.progress = h('p.muted', { 'aria-live': 'polite' });
    const file = h('input', { type: 'file', accept: '.json,application/json', hidden: true, 'aria-label': 'snapshot file', onchange: () => this.load(file) });
    this.buttons = h('div.choices', {},
      h('button.choice', { onclick: () => this.demo() }, h('b', {}, 'Demo: 50 nodes'), h('span', {}, 'Fifty nodes that pass items on, each with six peers.')),
      h('button.choice', { onclick: () => app.go('experiment') }, h('b', {}, 'Build a network'), h('span', {}, 'Choose nodes, services and a topology.')),
      h('button.choice', { onclick: () => file.click() }, h('b', {}, 'Load a snapshot'), h('span', {}, 'A file that this page or p2psim snapshot wrote.')), file);
    this.element = h('div.empty-state', { hidden: true }, h('h2', {}, 'No nodes yet'), this.progress, this.buttons);
    this.busy = false;
  }

  update() {
    const { model, api } = this.app;
    const empty = model.frames > 0 && model.view.up + model.view.down === 0;
    this.element.hidden = !empty && !this.busy;
    this.buttons.hidden = this.busy || api.readOnly;
    if (model.frames === 0) put(this.progress, '');
    else if (!this.busy) put(this.progress, api.readOnly ? 'This server takes no changes.' : 'Begin with one of these.');
  }

  async demo() {
    this.busy = true;
    put(this.progress, 'Creating 50 nodes …');
    try {
      await this.app.build({ count: 50, services: ['gossip'], shape: { kind: 'random-regular', degree: 6 } });
    } finally {
      this.busy = false;
      this.update();
    }
  }

  /** @param {HTMLInputElement} input */
  async load(input) {
    const file = input.files?.[0];
    if (file) await this.app.act(requests.load(await file.text()), 'snapshot loaded').catch(() => {});
  }
}
