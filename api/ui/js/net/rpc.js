// JSON-RPC with one node over its own WebSocket (/nodes/{node}/rpc): calls that answer, and subscriptions that go on.
// Opened when first needed and closed by whoever opened it; knows no method by name except rpc_modules' meaning.

export class RpcError extends Error {
  /** @param {{code: number, message: string, data?: unknown}} error */
  constructor(error) {
    super(error.message);
    this.code = error.code;
    this.data = error.data;
  }
}

export class Rpc {
  /** @param {string} base @param {string} node */
  constructor(base, node) {
    const url = new URL(`nodes/${encodeURIComponent(node)}/rpc`, base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.node = node;
    this.next = 1;
    /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    /** Called with what a subscription brings. @type {(subscription: string, value: unknown) => void} */
    this.onNotice = () => {};
    /** @type {(reason: string) => void} */
    this.onClose = () => {};
    this.socket = new WebSocket(url);
    this.open = new Promise((resolve, reject) => {
      this.socket.onopen = () => resolve(true);
      this.socket.onclose = (event) => {
        const reason = event.reason || `no connection to the RPC of ${node}; is it up?`;
        reject(new Error(reason));
        for (const { reject: refuse } of this.waiting.values()) refuse(new Error(reason));
        this.waiting.clear();
        this.onClose(reason);
      };
    });
    // Whoever calls hears of it; nobody calling is no error.
    this.open.catch(() => {});
    this.socket.onmessage = (event) => this.hear(JSON.parse(event.data));
  }

  /** @param {any} message */
  hear(message) {
    if (message.method) {
      this.onNotice(String(message.params?.subscription), message.params?.result);
      return;
    }
    const call = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if (message.error) call?.reject(new RpcError(message.error));
    else call?.resolve(message.result);
  }

  /** @param {string} method @param {unknown[]} params @returns {Promise<any>} */
  async call(method, params = []) {
    await this.open;
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
    });
  }

  close() {
    this.onClose = () => {};
    this.socket.close();
  }
}

/** One call on a connection of its own. @param {string} base @param {string} node @param {string} method @param {unknown[]} params */
export async function callOnce(base, node, method, params = []) {
  const rpc = new Rpc(base, node);
  try {
    return await rpc.call(method, params);
  } finally {
    rpc.close();
  }
}
