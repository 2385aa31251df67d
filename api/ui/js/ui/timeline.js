// The strip at the bottom: messages over simulated time with marks for faults, and the clock's buttons. Dragging on it
// shows the past that this page has seen; "go live" ends that. The server's clock is asked by POST /clock.

import { clock, paceName, short, span } from '../core/format.js';
import { requests } from '../net/api.js';
import { attribute, h, put, select } from './h.js';

/** @typedef {import('../main.js').App} App */

const SPEEDS = /** @type {[string, string][]} */ ([['0.1', '×0.1'], ['0.5', '×0.5'], ['1', '×1'], ['2', '×2'], ['5', '×5'], ['10', '×10'], ['50', '×50'], ['max', 'max']]);

export class Timeline {
  /** @param {App} app */
  constructor(app) {
    this.app = app;
    const button = (/** @type {string} */ text, /** @type {string} */ label, /** @type {() => void} */ onclick) => h('button.icon', { 'aria-label': label, title: label, onclick }, text);
    this.back = button('◂❙', 'one change back ([)', () => this.step(-1));
    this.play = button('❚❚', 'pause (Space)', () => this.toggle());
    this.next = button('❙▸', 'one event on (])', () => this.step(1));
    this.speed = select(SPEEDS, '1', (value) => this.setPace(value), { 'aria-label': 'speed of simulated time' });
    this.title = h('span.muted', {}, 'Messages per simulated second');
    this.place = h('span.muted.place');
    this.live = h('button.link', { onclick: () => app.model.goLive(), hidden: true }, 'go live');
    this.canvas = h('canvas', { 'aria-hidden': 'true' });
    this.strip = h('div.time-strip', { tabIndex: 0, role: 'slider', 'aria-label': 'moment shown', 'aria-valuemin': 0, 'aria-valuemax': 0, 'aria-valuenow': 0 }, this.canvas);
    this.element = h('section.timeline', { 'aria-label': 'time' },
      h('div.time-bar', {}, this.back, this.play, this.next, this.speed, this.title, this.place, this.live), this.strip);
    this.range = { from: 0, to: 1 };
    this.drag = false;
    this.replaying = false;
    this.drawn = '';
    this.listen();
    new ResizeObserver(() => { this.drawn = ''; this.update(); }).observe(this.strip);
  }

  listen() {
    const { strip, app } = this, { model } = app;
    const scrub = (/** @type {PointerEvent} */ event) => {
      const box = strip.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
      const t = this.range.from + share * (this.range.to - this.range.from);
      if (share > 0.995) model.goLive();
      else model.showAt(t * 1e9);
    };
    strip.addEventListener('pointerdown', (event) => {
      strip.setPointerCapture(event.pointerId);
      this.drag = true;
      this.replaying = false;
      scrub(event);
    });
    strip.addEventListener('pointermove', (event) => this.drag && scrub(event));
    for (const end of ['pointerup', 'pointercancel']) strip.addEventListener(end, () => { this.drag = false; });
    strip.addEventListener('keydown', (event) => {
      const by = { ArrowLeft: -0.01, ArrowRight: 0.01, PageUp: 0.1, PageDown: -0.1 }[event.key];
      if (by !== undefined) model.showAt(model.now * 1e9 + by * (this.range.to - this.range.from) * 1e9);
      else if (event.key === 'Home') model.showAt(model.earliest);
      else if (event.key === 'End') model.goLive();
      else return;
      event.preventDefault();
    });
  }

  /** @param {string} pace */
  async setPace(pace) {
    const { app } = this;
    if (app.synthetic) app.synthetic.pace = pace === 'paused' ? 0 : Number(pace) || 50;
    else await app.act(requests.clock(pace)).catch(() => {});
  }

  /** Pauses or lets go; in the past, plays what was seen. */
  toggle() {
    const { model } = this.app;
    if (model.at !== null) this.replay(!this.replaying);
    else if (this.mayPace) this.setPace(model.clock === 'paused' ? this.speed.value : 'paused');
  }

  /** @param {boolean} on */
  replay(on) {
    this.replaying = on;
    if (!on) return;
    let last = performance.now();
    const go = (/** @type {number} */ now) => {
      const { model } = this.app;
      if (!this.replaying || model.at === null) {
        this.replaying = false;
        return;
      }
      model.showAt(model.at + (now - last) * 1e6 * (Number(this.speed.value) || 1));
      last = now;
      requestAnimationFrame(go);
    };
    requestAnimationFrame(go);
  }

  /** @param {1 | -1} direction */
  step(direction) {
    const { app } = this, { model } = app;
    this.replaying = false;
    if (direction < 0 || model.at !== null) {
      const to = model.history.step(model.at ?? model.live.ns, direction);
      if (Number.isFinite(to)) model.showAt(to);
      else if (direction > 0) model.goLive();
    } else if (app.synthetic) {
      app.synthetic.pace = 0;
      app.synthetic.tick(true);
    } else if (app.api.has('POST /clock/step')) {
      app.act(requests.step({})).catch(() => {});
    }
  }

  get mayPace() {
    return this.app.synthetic !== null || this.app.api.has('POST /clock');
  }

  update() {
    const { model } = this.app, past = model.at !== null, may = this.mayPace;
    const running = past ? this.replaying : model.clock !== 'paused';
    put(this.play, running ? '❚❚' : '▶');
    attribute(this.play, 'aria-label', running ? 'pause (Space)' : 'play (Space)');
    this.play.hidden = this.speed.hidden = !may && !past;
    this.next.hidden = !past && !this.app.synthetic && !this.app.api.has('POST /clock/step');
    this.live.hidden = !past;
    if (!past && model.clock !== 'paused' && document.activeElement !== this.speed) {
      const value = model.clock === 'max' ? 'max' : String(model.pace);
      if (![...this.speed.options].some((o) => o.value === value)) this.speed.append(h('option', { value }, paceName(model.clock, model.pace)));
      this.speed.value = value;
    }
    put(this.place, past ? `showing ${clock(model.now)}, ${span(model.live.ns / 1e9 - model.now)} ago` : '');
    this.draw();
  }

  draw() {
    const { model } = this.app, { series } = model, { canvas } = this;
    const width = this.strip.clientWidth, height = this.strip.clientHeight;
    if (!width || !height || series.length === 0) return;
    const to = Math.max(model.live.ns / 1e9, 0.001);
    const from = Math.min(series.t[0], model.earliest / 1e9, to - 0.001);
    const key = `${width} ${height} ${to} ${model.now} ${model.markers.length} ${series.length}`;
    if (key === this.drawn) return;
    this.drawn = key;
    this.range = { from, to };
    attribute(this.strip, 'aria-valuemin', from.toFixed(2));
    attribute(this.strip, 'aria-valuemax', to.toFixed(2));
    attribute(this.strip, 'aria-valuenow', model.now.toFixed(2));
    attribute(this.strip, 'aria-valuetext', `${clock(model.now)}${model.at === null ? ', live' : ''}`);
    const ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    const c = canvas.getContext('2d');
    if (!c) return;
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    const style = getComputedStyle(this.strip), colour = (/** @type {string} */ name) => style.getPropertyValue(name);
    const bins = Math.max(20, Math.floor(width / 4)), base = height - 16, top = 16;
    const rates = series.rate('messages', from, to, bins);
    const most = Math.max(...rates, 1e-9), x = (/** @type {number} */ t) => ((t - from) / (to - from)) * width;
    const cut = model.at === null ? Infinity : x(model.now);
    for (let i = 0; i < bins; i++) {
      const tall = Math.sqrt(rates[i] / most) * (base - top), left = (i * width) / bins;
      c.fillStyle = colour(left > cut ? '--bar-later' : '--bar');
      if (tall > 0) c.fillRect(left, base - Math.max(1, tall), width / bins - 1, Math.max(1, tall));
    }
    c.fillStyle = colour('--line');
    c.fillRect(0, base, width, 1);
    this.drawAxis(c, from, to, width, height, colour('--muted'), most);
    this.drawMarkers(c, x, base, width, colour('--warn'));
    const at = Math.min(width - 1, x(model.now));
    c.fillStyle = colour(model.at === null ? '--accent' : '--warn');
    c.fillRect(at - 1, top - 8, 2, base - top + 8);
  }

  /** @param {CanvasRenderingContext2D} c @param {number} from @param {number} to @param {number} width @param {number} height @param {string} colour @param {number} most */
  drawAxis(c, from, to, width, height, colour, most) {
    c.font = '11px system-ui, sans-serif';
    c.fillStyle = colour;
    c.textBaseline = 'alphabetic';
    const raw = (to - from) / Math.max(2, width / 110), power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw) ?? power * 10;
    for (let t = Math.ceil(from / step) * step; t <= to; t += step) {
      const at = ((t - from) / (to - from)) * width;
      c.textAlign = at < 20 ? 'left' : at > width - 20 ? 'right' : 'center';
      c.fillText(span(Number(t.toPrecision(6))), at, height - 3);
    }
    put(this.title, `Messages per simulated second, up to ${short(most)}`);
  }

  /** @param {CanvasRenderingContext2D} c @param {(t: number) => number} x @param {number} base @param {number} width @param {string} colour */
  drawMarkers(c, x, base, width, colour) {
    let free = -Infinity;
    c.fillStyle = colour;
    c.textAlign = 'left';
    for (const { t, text } of this.app.model.markers) {
      const at = x(t);
      if (at < 0) continue;
      c.globalAlpha = 0.8;
      c.fillRect(at, 4, 1, base - 4);
      c.globalAlpha = 1;
      const short = text.length > 34 ? `${text.slice(0, 33)}…` : text, wide = c.measureText(short).width;
      // Beside its mark, on the side where there is room.
      const left = at + wide + 8 < width ? at + 4 : at - wide - 4;
      if (left > free) {
        c.fillText(short, left, 12);
        free = left + wide + 10;
      }
    }
  }
}
