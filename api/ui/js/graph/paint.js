// What colour each node has, and the legend that says so: by state, service, region, degree, component, arrival or hops
// of the tracked item. Reads the model, writes packed colours; shapes (down is a ring) are the scene's.

import { packed, table } from '../core/colour.js';
import { span } from '../core/format.js';
import { UP } from '../core/state.js';

/** @typedef {import('../core/colour.js').Palette} Palette */
/** @typedef {{kind: 'list', entries: {label: string, colour: string, shape?: 'ring'}[]} | {kind: 'ramp', title: string, from: string, to: string, rest: string}} Legend */

export const MODES = /** @type {[string, string][]} */ ([['state', 'State'], ['service', 'Service'], ['region', 'Region'], ['degree', 'Degree'],
  ['component', 'Component'], ['arrival', 'Arrival of tracked item'], ['hops', 'Hops of tracked item']]);

/**
 * @param {import('../model.js').Model} model @param {Palette} palette @param {number} shown seconds of the wave that are shown
 * @param {Uint32Array} out one packed colour for each node
 * @returns {Legend}
 */
export function paint(model, palette, shown, out) {
  const { view } = model;
  const down = packed(palette.down), quiet = packed(palette.quiet);
  const each = (/** @type {(i: number) => number} */ colour) => {
    for (let i = 0; i < view.size; i++) out[i] = view.state[i] === UP ? colour(i) : down;
  };
  const ends = { label: 'down', colour: palette.down, shape: /** @type {const} */ ('ring') };
  switch (model.settings.colour) {
    case 'service': {
      const kinds = palette.kinds.map(packed);
      each((i) => kinds[view.group[i] % kinds.length]);
      const entries = model.live.directory.groups.slice(0, 7).map((label, i) => ({ label: label || 'none', colour: palette.kinds[i % kinds.length] }));
      return { kind: 'list', entries: [...entries, ends] };
    }
    case 'region': {
      const kinds = palette.kinds.map(packed), there = new Set();
      for (let i = 0; i < view.size; i++) if (view.exists(i)) there.add(view.region[i]);
      each((i) => (view.region[i] ? kinds[(view.region[i] - 1) % kinds.length] : quiet));
      const entries = [...there].sort((p, q) => p - q).slice(0, 8).map((region) => ({ label: region ? `region ${model.regionName(region)}` : 'no region',
        colour: region ? palette.kinds[(region - 1) % kinds.length] : palette.quiet }));
      return { kind: 'list', entries: [...entries, ends] };
    }
    case 'component': {
      const { label, sizes } = model.components();
      const kinds = palette.kinds.map(packed);
      each((i) => (label[i] < 0 ? quiet : kinds[Math.min(label[i], kinds.length - 1)]));
      const entries = sizes.slice(0, 4).map((size, i) => ({ label: `${size} ${size === 1 ? 'node' : 'nodes'}`, colour: palette.kinds[i] }));
      if (sizes.length > 4) entries.push({ label: `${sizes.length - 4} more`, colour: palette.kinds[7] });
      return { kind: 'list', entries: [...entries, ends] };
    }
    case 'degree': {
      let low = Infinity, high = 0;
      for (let i = 0; i < view.size; i++) {
        if (view.state[i] !== UP) continue;
        low = Math.min(low, view.degree[i]);
        high = Math.max(high, view.degree[i]);
      }
      const ramp = table([...palette.ramp].reverse());
      each((i) => ramp[Math.round(((view.degree[i] - low) / Math.max(1, high - low)) * (ramp.length - 1))]);
      return { kind: 'ramp', title: 'connections', from: String(high), to: String(Number.isFinite(low) ? low : 0), rest: '' };
    }
    case 'arrival':
    case 'hops': {
      const item = model.item;
      if (!item) {
        each(() => quiet);
        return { kind: 'list', entries: [{ label: 'no item is tracked yet', colour: palette.quiet }, ends] };
      }
      const byTime = model.settings.colour === 'arrival';
      const ramp = table(palette.ramp), most = byTime ? item.last : item.maxHops;
      const until = Math.min(shown, model.now - item.time);
      each((i) => {
        const at = item.at(i);
        if (!(at <= until + 1e-9)) return quiet;
        return ramp[Math.round(((byTime ? at : item.hops[i]) / (most || 1)) * (ramp.length - 1))];
      });
      return { kind: 'ramp', title: byTime ? 'arrival' : 'hops', from: '0', to: byTime ? span(item.last) : String(item.maxHops), rest: 'not yet' };
    }
    default: {
      const up = packed(palette.up);
      each(() => up);
      return { kind: 'list', entries: [{ label: 'up', colour: palette.up }, ends] };
    }
  }
}
