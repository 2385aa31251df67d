// The connections that are up, as two dense arrays of ends: found by pair through an open-addressing hash, removed by
// moving the last into the hole. Order means nothing. Holds no history and no direction beyond "who dialled".

const EMPTY = 0xffffffff;

export class EdgeTable {
  constructor(capacity = 256) {
    /** How many there are. */
    this.count = 0;
    /** Who dialled. */
    this.a = new Uint32Array(capacity);
    /** Who was dialled. */
    this.b = new Uint32Array(capacity);
    this.hash = new Uint32Array(hashSize(capacity)).fill(EMPTY);
  }

  /** The place of the pair, in either direction, or -1. @param {number} a @param {number} b */
  find(a, b) {
    const slot = this.hash[this.probe(a, b)];
    return slot === EMPTY ? -1 : slot;
  }

  /** Adds a pair; false when it was there. @param {number} a @param {number} b */
  add(a, b) {
    let at = this.probe(a, b);
    if (this.hash[at] !== EMPTY) return false;
    if (this.count === this.a.length) {
      this.grow(this.count * 2);
      at = this.probe(a, b);
    }
    this.a[this.count] = a;
    this.b[this.count] = b;
    this.hash[at] = this.count++;
    return true;
  }

  /** Removes a pair; false when it was not there. @param {number} a @param {number} b */
  remove(a, b) {
    const at = this.probe(a, b);
    const slot = this.hash[at];
    if (slot === EMPTY) return false;
    const last = this.count - 1;
    if (slot !== last) {
      const moved = this.probe(this.a[last], this.b[last]);
      this.hash[moved] = slot;
      this.a[slot] = this.a[last];
      this.b[slot] = this.b[last];
    }
    this.count = last;
    this.close(at);
    return true;
  }

  clear() {
    this.count = 0;
    this.hash.fill(EMPTY);
  }

  /** Takes over these pairs, each of which is there once. @param {Uint32Array} a @param {Uint32Array} b */
  restore(a, b) {
    this.clear();
    if (a.length > this.a.length) this.grow(a.length);
    this.a.set(a);
    this.b.set(b);
    this.count = a.length;
    this.rehash();
  }

  /** @param {number} a @param {number} b */
  probe(a, b) {
    const low = a < b ? a : b, high = a < b ? b : a;
    const mask = this.hash.length - 1;
    let at = home(low, high, mask);
    for (;;) {
      const slot = this.hash[at];
      if (slot === EMPTY) return at;
      const x = this.a[slot], y = this.b[slot];
      if ((x === low && y === high) || (x === high && y === low)) return at;
      at = (at + 1) & mask;
    }
  }

  /** Linear probing without tombstones: what sits behind the hole moves into it where it may. @param {number} hole */
  close(hole) {
    const mask = this.hash.length - 1;
    let at = hole;
    for (;;) {
      at = (at + 1) & mask;
      const slot = this.hash[at];
      if (slot === EMPTY) break;
      const x = this.a[slot], y = this.b[slot];
      const want = home(Math.min(x, y), Math.max(x, y), mask);
      if (((at - want) & mask) >= ((at - hole) & mask)) {
        this.hash[hole] = slot;
        hole = at;
      }
    }
    this.hash[hole] = EMPTY;
  }

  /** @param {number} capacity */
  grow(capacity) {
    const a = new Uint32Array(capacity), b = new Uint32Array(capacity);
    a.set(this.a.subarray(0, this.count));
    b.set(this.b.subarray(0, this.count));
    this.a = a;
    this.b = b;
    this.hash = new Uint32Array(hashSize(capacity));
    this.rehash();
  }

  rehash() {
    this.hash.fill(EMPTY);
    for (let i = 0; i < this.count; i++) this.hash[this.probe(this.a[i], this.b[i])] = i;
  }
}

/** A power of two with room for twice as many. @param {number} capacity */
function hashSize(capacity) {
  return 2 ** Math.ceil(Math.log2(Math.max(8, capacity) * 2));
}

/** @param {number} low @param {number} high @param {number} mask */
function home(low, high, mask) {
  let x = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (x ^ (x >>> 13)) & mask;
}
