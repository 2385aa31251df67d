// Colours that people with any kind of colour vision can tell apart: Okabe and Ito's eight for kinds, ramps of rising
// or falling lightness for amounts, one set for each theme. Never the only sign of anything: shapes and words go along.

/** @typedef {'dark' | 'light'} Theme */
/** @typedef {{up: string, down: string, quiet: string, edge: [number, number, number], heat: string, select: string,
 *   label: string, halo: string, kinds: string[], ramp: string[], background: string}} Palette */

/** @type {Record<Theme, Palette>} */
export const PALETTES = {
  dark: {
    up: '#56b4e9', down: '#f0714a', quiet: '#566070', edge: [142, 164, 192], heat: '#ffd479', select: '#ffffff',
    label: '#e6edf3', halo: '#0d1117', background: '#0d1117',
    kinds: ['#56b4e9', '#e69f00', '#2fbf91', '#f0e442', '#cc79a7', '#f0714a', '#8fa3ff', '#b8c0cc'],
    ramp: ['#fff3a3', '#fdc858', '#f79349', '#e8635c', '#c2569b', '#9560d8', '#6f6cec'],
  },
  light: {
    up: '#0072b2', down: '#c2410c', quiet: '#a4adb8', edge: [74, 92, 112], heat: '#b45309', select: '#111827',
    label: '#111827', halo: '#ffffff', background: '#f8fafc',
    kinds: ['#0072b2', '#b57400', '#00805c', '#8a7d00', '#a3487c', '#c2410c', '#4456c7', '#59636f'],
    ramp: ['#7a1c02', '#b83a0a', '#d9485f', '#b03fa0', '#7b46c8', '#4c5fd0', '#3f8fd2'],
  },
};

/** @param {string} hex @returns {[number, number, number]} */
export function rgb(hex) {
  const n = parseInt(hex.slice(1), 16);
  return [(n >> 16) & 255, (n >> 8) & 255, n & 255];
}

/** As image data has it on a little-endian machine: 0xAABBGGRR, opaque. @param {string} hex */
export function packed(hex) {
  const [r, g, b] = rgb(hex);
  return (0xff000000 | (b << 16) | (g << 8) | r) >>> 0;
}

/** The colour at a share of a ramp. @param {string[]} ramp @param {number} share 0 to 1 */
export function along(ramp, share) {
  const at = Math.min(1, Math.max(0, Number.isFinite(share) ? share : 0)) * (ramp.length - 1);
  const i = Math.min(ramp.length - 2, Math.floor(at));
  const x = rgb(ramp[i]), y = rgb(ramp[i + 1]);
  const mix = x.map((v, k) => Math.round(v + (y[k] - v) * (at - i)));
  return `#${mix.map((v) => v.toString(16).padStart(2, '0')).join('')}`;
}

/** A ramp of `steps` packed colours, for lookup by number. @param {string[]} ramp @param {number} steps */
export function table(ramp, steps = 64) {
  return Uint32Array.from({ length: steps }, (_, i) => packed(along(ramp, i / (steps - 1))));
}

/** WCAG contrast of two colours, 1 to 21. @param {string} one @param {string} other */
export function contrast(one, other) {
  const light = (/** @type {string} */ hex) => {
    const [r, g, b] = rgb(hex).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [x, y] = [light(one), light(other)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}
