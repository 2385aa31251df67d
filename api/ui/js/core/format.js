// Numbers and times as people read them. English, fixed: a finding pasted in a chat must look the same everywhere.

/** 12,345. @param {number} n */
export function count(n) {
  if (!Number.isFinite(n)) return '–';
  return Math.round(n).toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** 84.1k, 1.2M; below a thousand as it is. @param {number} n */
export function short(n) {
  if (!Number.isFinite(n)) return '–';
  const size = Math.abs(n);
  for (const [unit, by] of /** @type {[string, number][]} */ ([['G', 1e9], ['M', 1e6], ['k', 1e3]])) {
    if (size >= by) return `${significant(n / by)}${unit}`;
  }
  return size >= 100 || Number.isInteger(n) ? String(Math.round(n)) : significant(n);
}

/** Three digits that matter. @param {number} n */
function significant(n) {
  if (n === 0) return '0';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(n))));
  const text = n.toFixed(Math.min(digits, 6));
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** A span in seconds as 142 ms, 12.4 s, 3 min 12 s. @param {number} s */
export function span(s) {
  if (!Number.isFinite(s)) return '–';
  const size = Math.abs(s);
  if (size === 0) return '0 s';
  if (size < 1e-6) return `${significant(s * 1e9)} ns`;
  if (size < 1e-3) return `${significant(s * 1e6)} µs`;
  if (size < 1) return `${significant(s * 1e3)} ms`;
  if (size < 60) return `${significant(s)} s`;
  const [long, short, unit, part] = size < 3600 ? [Math.floor(s / 60), Math.round(s % 60), 'min', 's'] : [Math.floor(s / 3600), Math.round((s % 3600) / 60), 'h', 'min'];
  return `${long} ${unit}${short ? ` ${short} ${part}` : ''}`;
}

/** The simulated clock: always one digit after the point, so that it does not dance. @param {number} s */
export function clock(s) {
  if (!Number.isFinite(s)) return '–';
  if (s < 120) return `${s.toFixed(1)} s`;
  const minutes = Math.floor(s / 60);
  const seconds = (s % 60).toFixed(1).padStart(4, '0');
  return minutes < 60 ? `${minutes}:${seconds}` : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${seconds}`;
}

/** 1.2 MB. @param {number} n */
export function bytes(n) {
  return Math.abs(n) < 1000 ? `${Math.round(n)} B` : `${short(n).replace(/[kMG]$/, ' $&')}B`;
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  return Number.isFinite(share) ? `${significant(share * 100)}%` : '–';
}

/** The ends of an id: 7b1e…a9c4. @param {string} id */
export function shortId(id) {
  return id.length > 12 ? `${id.slice(0, 4)}…${id.slice(-4)}` : id;
}

/** An item's number as its hex name. @param {number} item */
export function itemName(item) {
  const hex = BigInt(Math.max(0, Math.round(item))).toString(16);
  return hex.length > 8 ? `0x${hex.slice(0, 6)}…` : `0x${hex}`;
}

/** One node, 2 nodes. @param {number} n @param {string} word */
export function plural(n, word, many = `${word}s`) {
  return `${count(n)} ${n === 1 ? word : many}`;
}

/** `pace` as the server's clock has it. @param {string} clock @param {number} pace */
export function paceName(clock, pace) {
  if (clock === 'paused') return 'paused';
  if (clock === 'max' || pace === Infinity) return 'max';
  return `×${pace >= 10 ? Math.round(pace) : Number(pace.toFixed(2))}`;
}
