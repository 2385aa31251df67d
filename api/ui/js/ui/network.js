// The first screen: the graph in the middle, what to colour and filter on the left, the item and the selection on the
// right, time below. Arranges parts that are written elsewhere; of its own it has the legend, warnings and summary.

import { count, plural, shortId, span } from '../core/format.js';
import { KEYS } from '../core/filter.js';
import { histogram } from '../core/stats.js';
import { MODES } from '../graph/paint.js';
import { listen } from '../graph/pointer.js';
import { requests } from '../net/api.js';
import { Chart } from './chart.js';
import { attribute, confirmed, field, fill, h, put, select } from './h.js';
import { Empty } from './empty.js';
import { ShellLines, actionButton, facts } from './parts.js';
import { Timeline } from './timeline.js';
import { WavePanel } from './wave.js';

/** @typedef {import('../main.js').App} App */

const LAYOUTS = /** @type {[string, string][]} */ ([['force', 'Force'], ['ring', 'Ring by id'], ['regions', 'Regions'], ['groups', 'Services'], ['layers', 'Hops from selection']]);
const EDGES = /** @type {[string, string][]} */ ([['auto', 'All'], ['selected', 'Of the selection'], ['none', 'None']]);

export class NetworkScreen {
  /** @param {App} app @param {HTMLElement} graph */
  constructor(app, graph) {
    this.app = app;
    const { model } = app;
    this.filter = h('input', { type: 'search', id: 'filter', placeholder: 'state:up degree:>15', value: model.settings.filter, spellcheck: false,
      'aria-label': 'find or filter nodes', title: Object.entries(KEYS).map(([key, what]) => `${key}: ${what}`).join('\n'),
      oninput: () => model.set({ filter: this.filter.value }), onkeydown: (/** @type {KeyboardEvent} */ e) => this.found(e) });
    this.matches = h('small.hint', { id: 'filter-hint' });
    this.filter.setAttribute('aria-describedby', 'filter-hint');
    this.colour = select(MODES, model.settings.colour, (colour) => model.set({ colour }));
    this.layout = select(LAYOUTS, model.settings.layout, (layout) => model.set({ layout }));
    this.edges = select(EDGES, model.settings.edges, (edges) => model.set({ edges }));
    this.traffic = select([['on', 'Shown'], ['off', 'Hidden']], model.settings.traffic, (traffic) => model.set({ traffic }));
    this.selectionBox = h('div.selection-box');
    const controls = h('aside.left', { 'aria-label': 'view' },
      h('details', { open: innerWidth > 900 }, h('summary', {}, 'View'),
        h('div.field', {}, h('label', { for: 'filter' }, 'Find / filter'), this.filter, this.matches),
        field('Colour by', this.colour), field('Layout', this.layout), field('Connections', this.edges), field('Traffic', this.traffic), this.selectionBox));
    this.legend = h('div.legend');
    this.warnings = h('div.warnings');
    this.summary = h('p.visually-hidden', { id: 'graph-summary' });
    this.spoken = h('p.visually-hidden', { 'aria-live': 'polite' });
    this.pad = h('div.pad', { tabIndex: 0, role: 'img', 'aria-label': 'graph of the network', 'aria-describedby': 'graph-summary' });
    const zoom = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ onclick) => h('button.icon', { 'aria-label': label, title: label, onclick }, text);
    const { scene } = app;
    const by = (/** @type {number} */ factor) => () => {
      scene.camera.zoomAt(factor, scene.camera.width / 2, scene.camera.height / 2);
      scene.stalePicture = true;
      scene.touch('lines', 'nodes', 'marks');
    };
    this.empty = new Empty(app);
    graph.append(this.pad, this.warnings, this.legend, h('div.zoom', {}, zoom('+', 'zoom in (+)', by(1.3)), zoom('−', 'zoom out (-)', by(0.77)), zoom('⤢', 'show all (0)', () => scene.fit())),
      this.empty.element, this.summary, this.spoken);
    listen(scene, this.pad, { open: (node) => app.openNode(node), lassoed: (nodes) => app.toast(`${plural(nodes.length, 'node')} selected`) });
    scene.onLegend = (legend) => this.showLegend(legend);
    this.timeline = new Timeline(app);
    this.wave = new WavePanel(app);
    this.degree = new Chart({ title: 'Degree distribution', xName: 'connections', yName: 'nodes', xText: (v) => String(Math.round(v)), height: 104, bare: true, whole: true });
    this.degreeKey = '';
    this.card = h('section.panel');
    const right = h('aside.side', { 'aria-label': 'item and selection' }, this.wave.element, h('section.panel', {}, this.degree.element), this.card);
    this.element = h('div.screen.network', {}, h('h1.visually-hidden', {}, 'Network'), controls, h('div.middle', {}, graph, this.timeline.element), right);
    this.cardKey = this.selectionKey = '';
    this.spokenAt = 0;
    model.on('settings', () => this.syncSettings());
    model.on('select', () => this.update());
  }

  wishes() {
    const { model, motion } = this.app;
    return { want: model.settings.traffic === 'on' && !motion.matches ? ['HEAT'] : [] };
  }

  syncSettings() {
    const { settings } = this.app.model;
    this.colour.value = settings.colour;
    this.layout.value = settings.layout;
    this.edges.value = settings.edges;
    if (document.activeElement !== this.filter) this.filter.value = settings.filter;
  }

  /** Enter in the filter selects what it found. @param {KeyboardEvent} event */
  found(event) {
    const { model } = this.app;
    if (event.key === 'Escape') {
      this.filter.value = '';
      model.set({ filter: '' });
      this.pad.focus();
    }
    if (event.key !== 'Enter' || !model.filterTest) return;
    const nodes = [];
    for (let i = 0; i < model.view.size; i++) if (model.view.exists(i) && model.passes(i)) nodes.push(i);
    model.selectAll(nodes);
    this.pad.focus();
  }

  update() {
    const { model } = this.app, { view } = model;
    this.empty.update();
    this.timeline.update();
    this.wave.update();
    this.showMatches();
    this.showWarnings();
    this.showSelection();
    this.showCard();
    const parts = model.components().sizes.length;
    put(this.summary, `${plural(view.up + view.down, 'node')}, ${count(view.down)} down, ${plural(view.conns, 'connection')}, ${plural(parts, 'component')}. `
      + 'Arrow keys walk along connections, Enter opens the node, the Nodes screen lists all.');
    const key = `${view.edgeVersion} ${view.nodeVersion}`;
    if (key !== this.degreeKey) {
      this.degreeKey = key;
      const degrees = [];
      for (let i = 0; i < view.size; i++) if (view.state[i] === 1) degrees.push(view.degree[i]);
      const { start, width, counts } = histogram(degrees, 36);
      this.degree.draw({ plots: [{ name: 'nodes', x: counts.map((_, i) => start + i * width), y: counts, kind: 'bars', colour: 2 }] });
    }
  }

  showMatches() {
    const { model } = this.app;
    attribute(this.filter, 'aria-invalid', model.filterError ? 'true' : null);
    if (model.filterError) return put(this.matches, model.filterError);
    if (!model.filterTest) return put(this.matches, '');
    let n = 0;
    for (let i = 0; i < model.view.size; i++) if (model.view.exists(i) && model.passes(i)) n++;
    return put(this.matches, `${plural(n, 'node')} match; Enter selects ${n === 1 ? 'it' : 'them'}`);
  }

  showWarnings() {
    const { model } = this.app, list = model.stat.warnings ?? [];
    const key = list.map((w) => w.text).join('|');
    if (this.warnings.dataset.key === key) return;
    this.warnings.dataset.key = key;
    fill(this.warnings, list.slice(0, 4).map((warning) => h('button.warning', {
      title: 'select these nodes', onclick: () => model.selectAll(warning.nodes) }, h('span', { 'aria-hidden': 'true' }, '⚠ '), warning.text)));
    this.say(list.map((w) => w.text).join(', '));
  }

  /** At most one announcement in two seconds. @param {string} text */
  say(text) {
    const now = performance.now();
    if (!text || now - this.spokenAt < 2000) return;
    this.spokenAt = now;
    put(this.spoken, text);
  }

  /** @param {import('../graph/paint.js').Legend} legend */
  showLegend(legend) {
    const swatch = (/** @type {string} */ colour, shape = '') => {
      const element = h('i', { class: `swatch ${shape}` });
      element.style.setProperty('--swatch', colour);
      return element;
    };
    const { ramp, quiet, down } = this.app.scene.palette;
    if (legend.kind === 'list') fill(this.legend, legend.entries.map(({ label, colour, shape }) => h('span', {}, swatch(colour, shape), label)));
    else {
      const colours = legend.title === 'connections' ? [...ramp] : ramp;
      fill(this.legend, h('span', {}, `${legend.title} ${legend.from} `, h('span.ramp', {}, colours.map((c) => swatch(c, 'block'))), ` ${legend.to}`),
        legend.rest ? h('span', {}, swatch(quiet), legend.rest) : null, h('span', {}, swatch(down, 'ring'), 'down'));
    }
  }

  showSelection() {
    const { app } = this, { model } = app, n = model.selection.size;
    const key = [...model.selection].slice(0, 50).join() + n + app.api.readOnly;
    if (key === this.selectionKey) return;
    this.selectionKey = key;
    if (n < 2) return void fill(this.selectionBox, h('p.hint', {}, 'Shift-drag to select several nodes.'));
    const names = () => [...model.selection].map((i) => model.live.directory.name(i));
    const each = (/** @type {(name: string) => import('../net/api.js').Request} */ request) => () => app.actAll(names().map(request));
    fill(this.selectionBox, h('h2', {}, `Selection (${count(n)})`), h('div.row', {},
      h('button', { onclick: each(requests.start), hidden: !app.api.has('POST /nodes/{}/start') }, 'Start'),
      h('button.danger', { hidden: !app.api.has('POST /nodes/{}/stop'), onclick: async () => { if (n <= 20 || (await confirmed(`Stop ${count(n)} nodes?`, 'Stop them'))) each(requests.stop)(); } }, 'Stop')),
      h('button', { hidden: !app.api.has('POST /partitions'), onclick: () => app.partition(names()) }, 'Cut off from the rest'),
      h('button.link', { onclick: () => model.select(-1) }, 'Clear selection'));
  }

  showCard() {
    const { app } = this, { model } = app, i = model.selected, { view } = model;
    if (i < 0 || i >= view.size) {
      if (this.cardKey !== 'none') fill(this.card, h('h2', {}, 'Node'), h('p.muted', {}, 'Click a node, or press / to find one.'));
      this.cardKey = 'none';
      return;
    }
    const up = view.state[i] === 1, item = model.item, at = item?.at(i) ?? NaN;
    const key = `${i} ${up} ${view.degree[i]} ${at} ${model.selection.size} ${app.api.readOnly} ${view.exists(i)}`;
    if (key === this.cardKey) return;
    this.cardKey = key;
    const name = model.live.directory.name(i), id = model.live.directory.id(i), lines = new ShellLines(app.api);
    fill(this.card, h('h2.name', {}, name), facts([
      ['state', h('b', { class: up ? 'up' : 'down' }, view.exists(i) ? (up ? '● up' : '◎ down') : 'removed')], ['peers', count(view.degree[i])],
      ['id', h('code', { title: id }, shortId(id))], ['services', model.groupName(i) || '–'], ...(view.region[i] ? [/** @type {[string, string]} */ (['region', model.facts.region(i)])] : []),
      ...(item ? [/** @type {[string, string]} */ (['item after', Number.isNaN(at) ? 'not yet' : `${span(at)}, ${plural(item.hops[i], 'hop')}`])] : [])]),
      h('div.row', {}, h('button.primary', { onclick: () => app.openNode(i) }, 'Open'),
        actionButton(app, lines, up ? 'Stop' : 'Start', () => (up ? requests.stop(name) : requests.start(name))),
        model.groupName(i).includes('gossip') && up ? h('button', { onclick: () => app.waves.publish(i) }, 'Publish here') : null),
      lines.element);
  }
}
