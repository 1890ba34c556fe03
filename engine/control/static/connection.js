// The live connection to the show. It comes back by itself, and says in which state it is:
// connecting → open → lost → connecting …, or locked while a token is asked for.

const FLUSH_MS = 33;
const SILENCE_MS = 6000;
const RETRY_MS = [500, 1000, 2000, 4000];
const TOKEN_REFUSED = 4401;

export class Connection {
  #handlers;
  #socket = null;
  #outgoing = {};
  #flushAt = 0;
  #flushTimer = 0;
  #silence = 0;
  #retry = 0;
  #retryTimer = 0;
  #locked = false;
  #token = sessionStorage.getItem("reverie-token");

  // `handlers` has one function for each message the server sends, `preview` for pictures, `state` for ours.
  constructor(handlers) {
    this.#handlers = handlers;
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.#hurry());
    this.#open();
  }

  // Ask for a value. Values of one address asked for in quick succession go out as the newest only.
  set(address, value) {
    this.#outgoing[address] = value;
    if (this.#flushTimer) return;
    const wait = Math.max(0, this.#flushAt - performance.now());
    this.#flushTimer = setTimeout(() => this.#flush(), wait);
  }

  unlock(token) {
    this.#token = token;
    this.#locked = false;
    sessionStorage.setItem("reverie-token", token);
    this.#open();
  }

  #flush() {
    this.#flushTimer = 0;
    this.#flushAt = performance.now() + FLUSH_MS;
    const changes = this.#outgoing;
    this.#outgoing = {};
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ set: changes }));
  }

  #open() {
    clearTimeout(this.#retryTimer);
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(event);
    this.#socket = socket;
    this.#listen();
  }

  #receive(data) {
    this.#listen();
    if (data instanceof ArrayBuffer) {
      this.#handlers.preview(data);
      return;
    }
    const message = JSON.parse(data);
    if (message.ask_token) {
      this.#answer();
      return;
    }
    if (message.tree) {
      this.#retry = 0;
      this.#handlers.state("open");
    }
    for (const kind of ["tree", "signals", "health", "refused", "error"]) {
      if (message[kind]) this.#handlers[kind](message[kind]);
    }
    if (message.values) this.#handlers.values(message.values, message.effective);
  }

  #answer() {
    if (this.#token) this.#socket.send(JSON.stringify({ token: this.#token }));
    else this.#lock("");
  }

  // Without a token there is nothing to try again: the connection rests until one is given.
  #lock(reason) {
    this.#socket.onclose = null;
    this.#socket.close();
    clearTimeout(this.#silence);
    this.#locked = true;
    this.#token = null;
    sessionStorage.removeItem("reverie-token");
    this.#handlers.state("locked", reason);
  }

  // The server speaks at least once a second, so a long silence means a link that died without saying so.
  #listen() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#closed({ code: 1006, reason: "" }), SILENCE_MS);
  }

  #closed(event) {
    clearTimeout(this.#silence);
    if (event.code === TOKEN_REFUSED) {
      this.#lock("That token was not accepted.");
      return;
    }
    this.#socket.onclose = this.#socket.onmessage = null;
    this.#socket.close();
    this.#handlers.state("lost", event.reason);
    this.#retryTimer = setTimeout(() => this.#open(), RETRY_MS[Math.min(this.#retry, RETRY_MS.length - 1)]);
    this.#retry += 1;
  }

  #hurry() {
    if (!this.#locked && this.#socket.readyState >= WebSocket.CLOSING) this.#open();
  }
}
