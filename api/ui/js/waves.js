// Items on their way: who publishes one, which of them is in the panel, and when its wave is shown. The clock of a wave is
// graph/wave.js; this decides what it shows.

import { requests } from './net/api.js';
import { callOnce } from './net/rpc.js';

export class Waves {
  /** @param {import('./main.js').App} app */
  constructor(app) {
    this.app = app;
    /** The item that was shown last. */
    this.shown = -1;
    app.model.on('item', () => this.begin());
  }

  /** Who publishes when nobody is chosen: the selected node, else the first that can and reaches most; -1 for none. */
  publisher() {
    const { model } = this.app, { live, selected } = model;
    const able = live.directory.groups.map((name) => name.split('+').includes('gossip'));
    const can = (/** @type {number} */ i) => i >= 0 && live.state[i] === 1 && able[live.group[i]];
    if (can(selected)) return selected;
    const { label } = model.view === live ? model.components() : { label: [] };
    let first = -1;
    for (let i = 0; i < live.size; i++) {
      if (!can(i)) continue;
      if (label[i] === 0) return i;
      if (first < 0) first = i;
    }
    return first;
  }

  /** Publishes an item and lets the wave be seen. @param {number} [node] */
  async publish(node = this.publisher()) {
    const { app } = this, { model, scene } = app;
    if (node < 0) return;
    model.follow = true;
    model.goLive();
    if (model.selected !== node) model.select(node);
    scene.wave.stop();
    // On a narrow screen the button lies below what it sets off.
    if (app.screen === 'network') scene.host.scrollIntoView({ block: 'nearest' });
    if (app.synthetic) return void app.synthetic.publish(node);
    try {
      await callOnce(app.base, model.live.directory.name(node), 'gossip_publish', []);
      // As fast as possible means: while somebody waits. So somebody does.
      if (model.clock === 'max' && app.api.has('POST /clock/step')) await app.api.send(requests.step({ by: '5s' }));
    } catch (error) {
      app.refused(error);
    }
  }

  /** A new item in the panel: shown from its beginning, unless another is being shown. */
  begin() {
    const { model, scene } = this.app, { item } = model, { wave } = scene;
    const other = wave.playing && wave.item !== item && wave.t < (wave.item?.last ?? 0) * 0.98;
    if (!item || item.id === this.shown || other) return;
    this.shown = item.id;
    if (model.settings.colour === 'state') model.set({ colour: 'arrival' });
    this.again();
  }

  /** Shows the item in the panel from its beginning. */
  again() {
    const { model, scene, motion } = this.app;
    if (!model.item) return;
    scene.wave.play(model.item, motion.matches);
    scene.touch('nodes', 'marks');
  }

  /** Puts one of the items into the panel. @param {number} item */
  track(item) {
    const { model } = this.app;
    model.tracked = item;
    model.follow = model.items.latest?.id === item;
    this.shown = item;
    this.again();
    model.emit('item');
  }
}
