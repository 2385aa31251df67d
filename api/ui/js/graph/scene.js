// The graph on the screen: four layered canvases (connections, traffic, nodes, marks), a camera, and the loop that draws
// what changed and nothing else. When nothing changes, nothing runs. Input is pointer.js, placing is places.js.

import { PALETTES, packed } from '../core/colour.js';
import { DOWN } from '../core/state.js';
import { Camera } from './camera.js';
import { Lines } from './lines.js';
import { drawMarks } from './marks.js';
import { paint } from './paint.js';
import { Places } from './places.js';
import { DISC, RING, Stamper } from './stamp.js';
import { Traffic } from './traffic.js';
import { Wave } from './wave.js';

/** @typedef {import('../model.js').Model} Model */
/** @typedef {import('./paint.js').Legend} Legend */

const LAYERS = /** @type {const} */ (['lines', 'traffic', 'nodes', 'marks']);

export class Scene {
  /** @param {Model} model @param {HTMLElement} host @param {() => boolean} still whether motion is unwanted */
  constructor(model, host, still) {
    this.model = model;
    this.host = host;
    this.still = still;
    this.theme = /** @type {import('../core/colour.js').Theme} */ ('dark');
    this.palette = PALETTES.dark;
    this.camera = new Camera();
    this.stamper = new Stamper();
    this.traffic = new Traffic();
    this.wave = new Wave();
    this.places = new Places(() => this.wake());
    this.lines = new Lines(() => this.touch('lines'));
    this.layers = LAYERS.map((name) => {
      const canvas = document.createElement('canvas');
      canvas.className = `layer ${name}`;
      host.append(canvas);
      return /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    });
    this.ratio = 1;
    this.colours = new Uint32Array(0);
    /** @type {Legend} */
    this.legend = { kind: 'list', entries: [] };
    /** @type {(legend: Legend) => void} */
    this.onLegend = () => {};
    /** Called after each drawing. @type {() => void} */
    this.onDraw = () => {};
    this.hover = -1;
    /** @type {[number, number][] | null} */
    this.lasso = null;
    this.dirty = { lines: true, nodes: true, marks: true };
    /** An image of the lines as they are now is missing. */
    this.stalePicture = true;
    this.scheduled = false;
    this.visible = true;
    this.last = 0;
    this.seen = { view: /** @type {object | null} */ (null), nodes: -1, edges: -1, dim: /** @type {Uint8Array | null} */ (null), legend: '' };
    this.stats = { frames: 0, firstFrame: NaN, drawMs: 0, times: /** @type {number[]} */ ([]) };
    new ResizeObserver(() => this.resize()).observe(host);
    model.on('frame', () => this.onFrame());
    model.on('view', () => this.onView());
    model.on('select', () => this.touch('marks', 'lines'));
    model.on('settings', () => this.onSettings());
    this.layout = model.settings.layout;
  }

  /** @param {import('../core/colour.js').Theme} theme */
  setTheme(theme) {
    this.theme = theme;
    this.palette = PALETTES[theme];
    this.stalePicture = true;
    this.touch('lines', 'nodes', 'marks');
  }

  resize() {
    const { clientWidth: w, clientHeight: h } = this.host;
    if (w === 0 || h === 0) return;
    this.ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    for (const { canvas } of this.layers) {
      canvas.width = Math.round(w * this.ratio);
      canvas.height = Math.round(h * this.ratio);
    }
    this.camera.resize(w, h);
    if (this.camera.follows) this.fit(true);
    this.stalePicture = true;
    this.touch('lines', 'nodes', 'marks');
  }

  onFrame() {
    const { model } = this;
    this.places.update(model.live);
    if (model.heat && !model.at && !this.still() && model.settings.traffic === 'on' && this.visible && !document.hidden) {
      this.traffic.note(model.heat, model.live.size, performance.now());
      this.wake();
    }
  }

  onView() {
    const { view } = this.model, { seen } = this;
    if (seen.view !== view || seen.nodes !== view.nodeVersion || seen.edges !== view.edgeVersion) {
      if (seen.view !== view || seen.edges !== view.edgeVersion) this.stalePicture = true;
      Object.assign(seen, { view, nodes: view.nodeVersion, edges: view.edgeVersion });
      this.touch('lines', 'nodes', 'marks');
    } else if (this.model.at !== null || this.wave.playing) {
      this.touch('nodes');
    }
  }

  onSettings() {
    const { settings } = this.model;
    if (settings.layout !== this.layout) {
      this.layout = settings.layout;
      this.places.mode(settings.layout, this.model.selected);
      this.camera.follows = true;
    }
    if (settings.traffic !== 'on') this.traffic.clear();
    this.stalePicture = true;
    this.touch('lines', 'nodes', 'marks');
  }

  /** @param {('lines' | 'nodes' | 'marks')[]} what */
  touch(...what) {
    for (const name of what) this.dirty[name] = true;
    this.wake();
  }

  wake() {
    if (this.scheduled || !this.visible) return;
    this.scheduled = true;
    requestAnimationFrame((now) => this.draw(now));
  }

  /** Shown or not; a graph that nobody sees costs nothing. @param {boolean} visible */
  show(visible) {
    this.visible = visible;
    if (visible) this.touch('lines', 'nodes', 'marks');
  }

  fit(atOnce = false) {
    this.camera.follows = true;
    this.camera.fit(this.places.bounds(this.model.view), atOnce || this.still());
    this.touch('lines', 'nodes', 'marks');
  }

  /** @param {number} now */
  draw(now) {
    this.scheduled = false;
    const begin = performance.now(), seconds = Math.min(0.1, Math.max(0.001, (now - this.last) / 1000));
    this.last = now;
    const { camera, places, model, dirty, wave } = this, still = this.still();
    const placed = places.follow(seconds, camera.k, still || !Number.isFinite(this.stats.firstFrame));
    if (placed && camera.follows) camera.fit(places.bounds(model.view), still || !Number.isFinite(this.stats.firstFrame));
    const glided = camera.glide(seconds, still);
    if (placed || glided) {
      dirty.lines = dirty.nodes = dirty.marks = true;
      this.stalePicture = true;
    }
    if (wave.playing) {
      wave.advance(seconds, model.now - (wave.item?.time ?? 0));
      dirty.nodes = dirty.marks = true;
      model.emit('item');
    }
    if (dirty.nodes) this.drawNodes();
    if (dirty.lines) this.drawLines(placed || glided || places.moving);
    if (this.traffic.busy || this.trafficDrawn) this.drawTraffic(begin);
    if (dirty.marks) this.drawMarks();
    dirty.lines = dirty.nodes = dirty.marks = false;
    const { stats } = this;
    stats.frames++;
    stats.drawMs = performance.now() - begin;
    stats.times.push(begin);
    if (stats.times.length > 120) stats.times.shift();
    if (!Number.isFinite(stats.firstFrame) && places.known > 0) stats.firstFrame = begin;
    this.onDraw();
    if (places.moving || camera.goal || wave.playing || this.traffic.busy || (this.stalePicture && !this.lines.asked && !this.lines.direct(model.view.conns))) this.wake();
  }

  trafficDrawn = false;

  /** Which nodes the filter leaves out, or null. */
  dimmed() {
    const { model } = this;
    if (!model.filterTest) return null;
    const dim = new Uint8Array(model.view.size);
    for (let i = 0; i < dim.length; i++) dim[i] = model.passes(i) ? 0 : 1;
    return dim;
  }

  /** @param {number} index @returns {[number, number] | null} */
  place(index) {
    if (index >= this.places.known) return null;
    return this.camera.toScreen(this.places.at[index * 2], this.places.at[index * 2 + 1]);
  }

  /** Pixels. */
  get radius() {
    const n = this.model.view.up + this.model.view.down;
    const base = n <= 60 ? 7 : n <= 300 ? 5.5 : n <= 1500 ? 4 : n <= 4000 ? 2.8 : 2.1;
    const small = Math.min(1, Math.sqrt((this.camera.width * this.camera.height) / 250_000));
    return Math.max(1.6, base * Math.max(0.7, small)) * Math.min(3.2, Math.max(1, Math.sqrt(this.camera.zoom)));
  }

  drawNodes() {
    const { model, stamper, ratio, camera, places, palette, wave } = this;
    const { view } = model, context = this.layers[2], { canvas } = context;
    if (this.colours.length < view.size) this.colours = new Uint32Array(view.size * 2);
    const shown = wave.playing && wave.item === model.item ? wave.t : Infinity;
    this.legend = paint(model, palette, shown, this.colours);
    const key = JSON.stringify(this.legend);
    if (key !== this.seen.legend) {
      this.seen.legend = key;
      this.onLegend(this.legend);
    }
    const dim = this.seen.dim = this.dimmed();
    stamper.begin(canvas.width, canvas.height);
    const radius = this.radius * ratio, n = Math.min(view.size, places.known);
    const halo = n <= 2500 ? packed(palette.halo) : 0, pale = (packed(palette.quiet) & 0xffffff) | 0x58000000;
    const k = camera.k * ratio, tx = camera.tx * ratio, ty = camera.ty * ratio, { at } = places;
    for (let pass = dim ? 0 : 1; pass < 2; pass++) {
      for (let i = 0; i < n; i++) {
        if (!view.exists(i) || (dim ? dim[i] !== 1 - pass : false)) continue;
        const x = at[i * 2] * k + tx, y = at[i * 2 + 1] * k + ty;
        if (x < -40 || y < -40 || x > canvas.width + 40 || y > canvas.height + 40) continue;
        const shape = view.state[i] === DOWN ? RING : DISC;
        if (pass === 0) {
          stamper.put(shape, x, y, radius * 0.75, pale >>> 0);
          continue;
        }
        let r = radius;
        if (shown !== Infinity) r *= this.flash(i, shown);
        if (halo) stamper.put(DISC, x, y, r + 1.1 * ratio, halo);
        stamper.put(shape, x, y, r, this.colours[i]);
      }
    }
    context.putImageData(stamper.image, 0, 0);
  }

  /** How much larger a node is drawn that the wave has just reached. @param {number} node @param {number} shown */
  flash(node, shown) {
    const { item, rate } = this.wave;
    if (!item) return 1;
    if (node === item.origin) return 1.9;
    const age = (shown - item.at(node)) / (rate || 1);
    return age >= 0 && age < 0.35 ? 1 + 0.8 * (1 - age / 0.35) : 1;
  }

  /** @param {boolean} moving */
  drawLines(moving) {
    const { model, camera, places, lines, ratio } = this, { view } = model;
    const context = this.layers[0];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    if (model.settings.edges === 'none') return;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const faint = model.selected >= 0 || model.settings.edges === 'selected';
    const how = { colour: this.palette.edge, strength: faint ? 0.75 : 1, dim: this.seen.dim, moving, ratio };
    if (model.settings.edges === 'selected') {
      // Only those of the selection, which are drawn with it.
    } else if (places.known < view.size && view.conns > 0 && places.known === 0) {
      return;
    } else if (lines.direct(view.conns)) {
      lines.drawDirect(context, view, places.at, camera, how);
      this.stalePicture = false;
    } else {
      if ((this.stalePicture || (!lines.full && !moving)) && places.at.length >= view.size * 2 && lines.request(view, places.at, camera, how)) {
        this.stalePicture = moving;
      }
      lines.drawPicture(context, camera);
    }
  }

  /** @param {number} now */
  drawTraffic(now) {
    const context = this.layers[1], { ratio } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.traffic.draw(context, (i) => this.place(i), this.palette.heat, now);
    this.trafficDrawn = this.traffic.busy;
  }

  drawMarks() {
    const context = this.layers[3], { ratio } = this;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawMarks(context, this);
  }

  /** The node at a point of the host, or -1. @param {number} x @param {number} y @param {number} reach pixels */
  pick(x, y, reach = 6) {
    const { view } = this.model, { at, known } = this.places, { k, tx, ty } = this.camera;
    let best = -1, near = (this.radius + reach) ** 2;
    for (let i = 0; i < Math.min(view.size, known); i++) {
      if (!view.exists(i)) continue;
      const dx = at[i * 2] * k + tx - x, dy = at[i * 2 + 1] * k + ty - y, d = dx * dx + dy * dy;
      if (d < near) {
        near = d;
        best = i;
      }
    }
    return best;
  }
}
