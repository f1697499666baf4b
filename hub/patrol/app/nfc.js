// Web NFC: Chrome on Android only. What stands in its way has a word of its own each.

/**
 * @typedef {"absent" | "insecure" | "idle" | "asking" | "reading" | "denied" | "no_hardware" | "off"} NfcState
 * @typedef {(serialNumber: string, addresses: string[]) => void} OnRead
 */

const WHY = { NotAllowedError: "denied", NotSupportedError: "no_hardware", NotReadableError: "off" };

export class Nfc {
  /** @type {NfcState} */
  state = "idle";
  /** @type {AbortController | null} */
  #ending = null;

  /** @param {OnRead} onRead @param {() => void} onUnreadable @param {() => void} onState */
  constructor(onRead, onUnreadable, onState) {
    this.onRead = onRead;
    this.onUnreadable = onUnreadable;
    this.onState = onState;
    if (!globalThis.isSecureContext) this.state = "insecure";
    else if (!("NDEFReader" in globalThis)) this.state = "absent";
  }

  /** @returns {boolean} whether pressing the button may lead to a read */
  get isPossible() {
    return !["absent", "insecure", "no_hardware"].includes(this.state);
  }

  /** Begins without being asked where that needs no question to the guard. */
  async resume() {
    if (this.state !== "idle" || !navigator.permissions) return;
    try {
      // @ts-ignore: "nfc" is not among the names that every browser knows
      const permission = await navigator.permissions.query({ name: "nfc" });
      if (permission.state === "granted") await this.start();
      else if (permission.state === "denied") this.#to("denied");
    } catch {
      // A browser that does not know this permission is asked when the button is pressed.
    }
  }

  /** Waits for tags; what stands in the way is in `state` afterwards. */
  async start() {
    if (!this.isPossible || this.state === "reading" || this.state === "asking") return;
    this.#to("asking");
    this.#ending = new AbortController();
    try {
      // @ts-ignore: Web NFC is not among the types of the DOM
      const reader = new NDEFReader();
      reader.onreading = (/** @type {any} */ event) =>
        this.onRead(event.serialNumber ?? "", addressesOf(event.message));
      reader.onreadingerror = () => this.onUnreadable();
      await reader.scan({ signal: this.#ending.signal });
      this.#to("reading");
    } catch (error) {
      const name = /** @type {keyof typeof WHY} */ (/** @type {Error} */ (error).name);
      this.#to(/** @type {NfcState} */ (WHY[name] ?? "off"));
    }
  }

  /** Stops waiting. */
  stop() {
    this.#ending?.abort();
    this.#to("idle");
  }

  /** @param {NfcState} state */
  #to(state) {
    this.state = state;
    this.onState();
  }
}

/** @param {any} message @returns {string[]} */
function addressesOf(message) {
  const records = [...(message?.records ?? [])].filter((record) => ["url", "absolute-url"].includes(record.recordType));
  return records.map((record) => new TextDecoder().decode(record.data));
}
