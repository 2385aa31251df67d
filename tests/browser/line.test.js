// The line to the server: lost and found again, slow, silent, of another version; and a tab that slept.

import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeFrame } from '../../api/ui/js/core/frame.js';
import { impostor } from './lib/impostor.js';
import { Tab, eventually, launch } from './lib/page.js';
import { Server } from './lib/server.js';

/** @type {import('playwright-core').Browser} */
let browser;

before(async () => { browser = await launch(); });
after(() => browser?.close());

/** A tab that loses its server says so in the console, which is no failure here. @param {string} url */
const open = (url) => Tab.open(browser, url, { quiet: true });
/** @param {Tab} tab */
const badge = (tab) => tab.page.locator('.badge').textContent();
/** @param {Tab} tab */
const banner = async (tab) => (await tab.page.locator('#banner').textContent()) ?? '';

test('a server that is gone is missed, and another run at its place is shown as it is', async () => {
  const server = await Server.start('--fidelity', 'message');
  try {
    const names = await server.nodes(12);
    await server.connect(names, [[0, 1], [1, 2]]);
    const tab = await open(server.url);
    await tab.drawn(12, 2);
    await server.kill();
    await eventually('the page says that the line is lost', async () => (await badge(tab)) === 'LOST' && /No connection to the server/.test(await banner(tab)));
    const lost = await tab.state();
    assert.deepEqual([lost.nodes, lost.conns], [12, 2], 'what was known stays on the screen');
    assert.ok(await tab.page.evaluate(() => document.body.classList.contains('lost')), 'in grey');
    await server.begin();
    await server.nodes(5);
    await tab.drawn(5, 0);
    await eventually('it is live again', async () => (await badge(tab)) === 'LIVE' && (await banner(tab)) === '');
    assert.equal((await tab.state()).gap, 0, 'another run is no gap');
    await tab.close();
  } finally {
    await server.kill();
  }
});

test('a line that comes back goes on where it was', async () => {
  const server = await Server.start('--fidelity', 'message');
  try {
    const names = await server.nodes(6);
    const tab = await open(server.url);
    await tab.drawn(6, 0);
    await tab.page.context().setOffline(true);
    await tab.page.evaluate(() => /** @type {any} */ (window).__p2psim.hangUp());
    await tab.until('offline', (s) => !s.connected);
    await server.connect(names, [[0, 1], [2, 3]]);
    await server.post(`nodes/${names[5]}/stop`);
    await tab.page.context().setOffline(false);
    await tab.until('all is caught up', (s) => s.connected && s.conns === 2 && s.down === 1);
    const { whole, gap } = await tab.state();
    assert.deepEqual([whole, gap], [1, 0], 'by what had changed, without a gap and without beginning anew');
    await tab.close();
  } finally {
    await server.kill();
  }
});

test('a server that says nothing is called stale, and the page goes on when it does', async () => {
  const server = await Server.start('--fidelity', 'message');
  try {
    await server.nodes(3);
    const tab = await open(server.url);
    await tab.drawn(3, 0);
    server.freeze(true);
    await eventually('the badge says how stale it is', async () => /^(STALE \d+ s|LOST)$/.test((await badge(tab)) ?? ''));
    server.freeze(false);
    await eventually('live again', async () => (await badge(tab)) === 'LIVE');
    await server.nodes(1);
    await tab.drawn(4, 0);
    await tab.close();
  } finally {
    server.freeze(false);
    await server.kill();
  }
});

test('a tab that slept wakes to the present', async () => {
  const server = await Server.start('--fidelity', 'message');
  try {
    const names = await server.nodes(8);
    const tab = await open(server.url);
    await tab.drawn(8, 0);
    const session = await tab.page.context().newCDPSession(tab.page);
    await session.send('Page.setWebLifecycleState', { state: 'frozen' });
    await server.connect(names, [[0, 1], [1, 2], [2, 3]]);
    await server.post(`nodes/${names[7]}/stop`);
    await server.nodes(40);
    await session.send('Page.setWebLifecycleState', { state: 'active' });
    await tab.until('everything that happened meanwhile', (s) => s.nodes === 48 && s.conns === 3);
    assert.equal((await tab.state()).nodes, (await server.get('nodes')).length);
    await tab.close();
  } finally {
    await server.kill();
  }
});

test('a page of another version is told', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'p2psim-ui-'));
  cpSync(fileURLToPath(new URL('../../api/ui', import.meta.url)), dir, { recursive: true });
  const server = await Server.start('--fidelity', 'message', '--ui-dir', dir);
  try {
    await server.nodes(2);
    const tab = await open(server.url);
    await tab.drawn(2, 0);
    await server.kill();
    writeFileSync(join(dir, 'js', 'later.js'), '// A later version of the page.\n');
    await server.begin();
    await eventually('the page asks to be loaded anew', async () => /updated since this page was loaded/.test(await banner(tab)));
    await tab.page.getByRole('button', { name: 'Reload' }).click();
    await eventually('and is', async () => (await banner(tab)) === '' && (await tab.state()).connected === true);
    await tab.close();
  } finally {
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
  }
});

test('what was missed is told, and what cannot be read too', async () => {
  const server = await Server.start('--fidelity', 'message');
  const hello = JSON.stringify({ hello: { version: '9', ui: 'x', run: 'r', virtual: true, past: 0 } });
  const frame = (/** @type {Partial<import('../../api/ui/js/core/frame.js').Frame>} */ more) => new Uint8Array(encodeFrame({ whole: false, clock: 'paced', seq: 1, ns: 1e9, pace: 1, ...more }));
  const nodes = { index: Uint32Array.of(0, 1), state: Uint8Array.of(1, 1), region: new Uint8Array(2), group: new Uint16Array(2) };
  const whole = frame({ whole: true, nodes, ids: new Uint8Array(64), names: ['a', 'b'], groups: ['gossip'], conns: { a: Uint32Array.of(0), b: Uint32Array.of(1), up: Uint8Array.of(1) } });
  const strange = frame({ seq: 2, ns: 2e9, rates: {} });
  strange.set(Buffer.from('WHAT'), 32);
  const broken = frame({ seq: 3 });
  broken[0] = 7;
  const other = await impostor(server.url, (say) => {
    say(hello);
    say(JSON.stringify({ gap: { missed: 1204 } }));
    for (const bytes of [whole, strange, broken]) say(bytes);
  });
  try {
    const tab = await open(other.url);
    await tab.until('what can be read is shown', (s) => s.nodes === 2 && s.conns === 1 && s.time === 2);
    await eventually('the gap is told', async () => /^1,204 events were not shown/.test(await banner(tab)));
    await tab.page.locator('.toast.bad', { hasText: 'frame kind 7 is neither 1 nor 2' }).waitFor();
    await tab.page.getByRole('button', { name: 'Understood' }).click();
    await eventually('and is no more', async () => (await banner(tab)) === '');
    await tab.close();
  } finally {
    other.close();
    await server.kill();
  }
});

test('a server that is not there when the page is opened is waited for', async () => {
  const server = await Server.start('--fidelity', 'message');
  try {
    const tab = await open(server.url);
    await tab.until('the page has begun', (s) => s.connected);
    // The files are there; the live line is not.
    await server.kill();
    await eventually('it says so', async () => /^(LOST|CONNECTING)$/.test((await badge(tab)) ?? '') && (await banner(tab)) !== '');
    await server.begin();
    await eventually('it has come', async () => (await badge(tab)) === 'LIVE');
    await tab.close();
  } finally {
    await server.kill();
  }
});
