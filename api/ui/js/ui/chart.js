// Charts as SVG: lines, steps and bars over linear or logarithmic axes, with a crosshair that charts share, marks at
// quantiles, and export of the picture (SVG) and the numbers (CSV). Draws what it is given; computes nothing.

import { linear, logarithmic } from '../core/scale.js';
import { short } from '../core/format.js';
import { download, h } from './h.js';

/**
 * @typedef {{name: string, x: ArrayLike<number>, y: ArrayLike<number>, kind?: 'line' | 'step' | 'bars', colour: number, dash?: string}} Plot
 * @typedef {{x: number, label: string}} Mark
 * @typedef {object} Drawing
 * @property {Plot[]} plots
 * @property {Mark[]} [marks]
 * @property {[number, number]} [xDomain] @property {[number, number]} [yDomain]
 * @property {boolean} [log] both axes
 * @property {string} [empty] what to say when there is nothing
 */

const NS = 'http://www.w3.org/2000/svg';
const DASHES = ['', '6 3', '2 3', '8 3 2 3', '1 2', '10 4'];

/** Charts of one group show the same x. */
export class Crosshair {
  constructor() {
    /** @type {Set<(x: number | null) => void>} */
    this.charts = new Set();
  }

  /** @param {number | null} x */
  move(x) {
    for (const chart of this.charts) chart(x);
  }
}

export class Chart {
  /**
   * @param {{title: string, xName: string, yName: string, xText?: (v: number) => string, yText?: (v: number) => string, height?: number,
   *   crosshair?: Crosshair, file?: string, bare?: boolean, whole?: boolean}} options whole: x is made of whole numbers
   */
  constructor(options) {
    this.options = { xText: short, yText: short, height: 150, file: 'chart', ...options };
    /** @type {Drawing} */
    this.drawing = { plots: [] };
    this.svg = document.createElementNS(NS, 'svg');
    this.svg.setAttribute('role', 'img');
    this.svg.setAttribute('class', 'chart');
    this.readout = h('output.readout', { 'aria-live': 'off' });
    const tools = h('span.tools', {},
      h('button.link', { onclick: () => download(`${this.options.file}.svg`, this.toSvg(), 'image/svg+xml'), title: 'download as SVG', 'aria-label': `${options.title} as SVG` }, 'SVG'),
      h('button.link', { onclick: () => download(`${this.options.file}.csv`, this.toCsv(), 'text/csv'), title: 'download as CSV', 'aria-label': `${options.title} as CSV` }, 'CSV'));
    this.element = h('figure.chart-box', {}, h('figcaption', {}, h('span.cap', {}, options.title), this.readout, options.bare ? null : tools), this.svg);
    this.legend = h('div.chart-legend');
    this.element.append(this.legend);
    this.x = linear(0, 1, 0, 1);
    this.cross = null;
    options.crosshair?.charts.add((x) => this.showCross(x));
    this.svg.addEventListener('pointermove', (event) => {
      const box = this.svg.getBoundingClientRect();
      const x = this.x.invert(event.clientX - box.left);
      if (options.crosshair) options.crosshair.move(x);
      else this.showCross(x);
    });
    this.svg.addEventListener('pointerleave', () => (options.crosshair ? options.crosshair.move(null) : this.showCross(null)));
    new ResizeObserver(() => this.render()).observe(this.svg);
  }

  /** @param {Drawing} drawing */
  draw(drawing) {
    this.drawing = drawing;
    this.render();
  }

  render() {
    const width = this.svg.clientWidth, { height, xText, yText } = this.options;
    if (width < 40) return;
    const { plots, marks = [], log, empty } = this.drawing;
    const filled = plots.filter((plot) => plot.x.length > 0);
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.svg.style.height = `${height}px`;
    this.svg.setAttribute('aria-label', `${this.options.title}${filled.length ? `, ${this.options.yName} by ${this.options.xName}` : ', nothing yet'}`);
    const parts = [];
    const left = 44, right = width - 10, top = 8, bottom = height - 20;
    const [x0, x1] = this.drawing.xDomain ?? extent(filled.map((p) => p.x), log ? 'positive' : 'any');
    const [y0, y1] = this.drawing.yDomain ?? [log ? 0.9 : 0, extent(filled.map((p) => p.y), 'any')[1] * 1.08 || 1];
    const bars = filled.find((p) => p.kind === 'bars');
    const step = bars ? barWidth(bars.x) : 0, alone = bars && bars.x.length < 4 && !log ? 2 * step : 0;
    const x = this.x = log ? logarithmic(Math.max(x0, 0.9), x1 * 1.1, left, right) : linear(x0 - alone, x1 + step + alone, left, right);
    const y = log ? logarithmic(y0, y1, bottom, top) : linear(y0, y1, bottom, top);
    for (const tick of filled.length ? y.ticks(3) : []) {
      const at = y(tick).toFixed(1);
      parts.push(element('line', { class: 'grid', x1: left, x2: right, y1: at, y2: at }), text(yText(tick), left - 6, Number(at) + 3.5, 'end'));
    }
    for (const tick of filled.length ? x.ticks(Math.max(2, Math.floor(width / 90))) : []) {
      // A bar stands for the number in its middle.
      const at = x(tick + (this.options.whole && !log ? step / 2 : 0));
      if (at > right + 1 || (this.options.whole && (!Number.isInteger(tick) || tick < 0))) continue;
      parts.push(text(xText(tick), at, height - 5, at > right - 14 ? 'end' : at < left + 12 ? 'start' : 'middle'));
    }
    if (!filled.length) parts.push(text(empty ?? 'nothing yet', (left + right) / 2, (top + bottom) / 2, 'middle', 'empty'));
    for (const plot of filled) {
      const d = plot.kind === 'bars' ? barPath(plot, x, y, bottom, step) : linePath(plot, x, y, plot.kind === 'step');
      parts.push(element('path', { class: `${plot.kind === 'bars' ? 'bars' : 'curve'} k${plot.colour}`, d, 'stroke-dasharray': plot.dash ?? (plot.kind === 'bars' ? '' : DASHES[plot.colour % DASHES.length]) }));
    }
    marks.forEach((mark, i) => {
      const at = Math.min(x(mark.x), right);
      parts.push(element('line', { class: 'mark', x1: at, x2: at, y1: top, y2: bottom }), text(mark.label, at + (at > right - 60 ? -4 : 4), top + 9 + (i % 3) * 12, at > right - 60 ? 'end' : 'start', 'mark-label'));
    });
    this.svg.replaceChildren(...parts);
    this.box = { top, bottom };
    if (this.cross !== null) this.showCross(this.cross);
    this.showLegend(filled);
  }

  /** @param {Plot[]} plots */
  showLegend(plots) {
    const key = plots.map((p) => `${p.name}${p.colour}`).join('|');
    if (this.legend.dataset.key === key) return;
    this.legend.dataset.key = key;
    this.legend.hidden = plots.length < 2;
    this.legend.replaceChildren(...plots.map((plot) => h('span', {}, h(`i.k${plot.colour}`), plot.name)));
  }

  /** @param {number | null} x */
  showCross(x) {
    this.cross = x;
    this.svg.querySelector('.cross')?.remove();
    const [from, to] = this.x.domain;
    if (x === null || x < from || x > to || !this.box || !this.drawing.plots.some((p) => p.x.length)) {
      this.readout.textContent = '';
      return;
    }
    this.svg.append(element('line', { class: 'cross', x1: this.x(x), x2: this.x(x), y1: this.box.top, y2: this.box.bottom }));
    const values = this.drawing.plots.filter((p) => p.x.length).slice(0, 3).map((plot) => {
      let i = 0;
      while (i + 1 < plot.x.length && plot.x[i + 1] <= x) i++;
      const value = plot.x[i] > x && plot.kind === 'step' ? 0 : plot.y[i];
      return `${this.drawing.plots.length > 1 ? `${plot.name} ` : ''}${this.options.yText(value)}`;
    });
    this.readout.textContent = `${this.options.xText(x)}: ${values.join(', ')}`;
  }

  toCsv() {
    const rows = [`series,${this.options.xName},${this.options.yName}`];
    for (const plot of this.drawing.plots) for (let i = 0; i < plot.x.length; i++) rows.push(`"${plot.name.replace(/"/g, '""')}",${plot.x[i]},${plot.y[i]}`);
    return `${rows.join('\n')}\n`;
  }

  /** The picture alone, with its colours written out. */
  toSvg() {
    const copy = /** @type {SVGSVGElement} */ (this.svg.cloneNode(true));
    const kept = ['fill', 'stroke', 'stroke-width', 'stroke-dasharray', 'font-size', 'font-family', 'opacity', 'fill-opacity'];
    const from = this.svg.querySelectorAll('*');
    copy.querySelectorAll('*').forEach((to, i) => {
      const style = getComputedStyle(from[i]);
      for (const name of kept) to.setAttribute(name, style.getPropertyValue(name));
    });
    copy.setAttribute('xmlns', NS);
    copy.setAttribute('style', `background:${getComputedStyle(document.body).backgroundColor}`);
    return new XMLSerializer().serializeToString(copy);
  }
}

/** @param {string} name @param {Record<string, string | number>} attributes */
function element(name, attributes) {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) if (value !== '') made.setAttribute(key, String(value));
  return made;
}

/** @param {string} content @param {number} x @param {number} y @param {string} anchor @param {string} kind */
function text(content, x, y, anchor, kind = 'tick') {
  const made = element('text', { x: x.toFixed(1), y: y.toFixed(1), 'text-anchor': anchor, class: kind });
  made.textContent = content;
  return made;
}

/** @param {ArrayLike<number>[]} columns @param {'any' | 'positive'} which @returns {[number, number]} */
function extent(columns, which) {
  let low = Infinity, high = -Infinity;
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      if (which === 'positive' && column[i] <= 0) continue;
      low = Math.min(low, column[i]);
      high = Math.max(high, column[i]);
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

/** @param {ArrayLike<number>} x */
function barWidth(x) {
  let width = Infinity;
  for (let i = 1; i < x.length; i++) width = Math.min(width, x[i] - x[i - 1]);
  return Number.isFinite(width) ? width : 1;
}

/** @param {Plot} plot @param {(v: number) => number} x @param {(v: number) => number} y @param {boolean} steps */
function linePath(plot, x, y, steps) {
  let d = '';
  for (let i = 0; i < plot.x.length; i++) {
    const px = x(plot.x[i]).toFixed(1), py = y(plot.y[i]).toFixed(1);
    d += i === 0 ? `M${px} ${py}` : steps ? `H${px}V${py}` : `L${px} ${py}`;
  }
  return d;
}

/** @param {Plot} plot @param {(v: number) => number} x @param {(v: number) => number} y @param {number} bottom @param {number} step */
function barPath(plot, x, y, bottom, step) {
  let d = '';
  for (let i = 0; i < plot.x.length; i++) {
    if (!plot.y[i]) continue;
    const left = x(plot.x[i]), right = x(plot.x[i] + step), gap = Math.min(1, (right - left) * 0.15);
    d += `M${left.toFixed(1)} ${bottom}V${Math.min(bottom - 1, y(plot.y[i])).toFixed(1)}H${Math.max(left + 0.8, right - gap).toFixed(1)}V${bottom}Z`;
  }
  return d;
}
