// What the phone keeps, in IndexedDB: taps, reports and their photos, decisions about rounds, and that all is well,
// until the hub has them; the plan, drafts.
// A promise here is fulfilled only after the transaction is complete: what was shown as kept, is.

/**
 * @typedef {"tap" | "report" | "order" | "word"} Kind
 * @typedef {"kept" | "sent" | "refused"} Fate
 * @typedef {{
 *   id: string, kind: Kind, atMs: number, person: string, fate: Fate, body: Record<string, unknown>,
 *   place: string | null, notBeforeMs?: number, reason?: string | null, trust?: string | null,
 *   settledMs?: number, seen?: boolean
 * }} Item `body` is what is posted, `id` in it; `place`: the checkpoint as far as the phone knows it. Of a `word`
 *   (that all is well) the body has `minutes` and `round`: for how long the hub waits for the next one; 0: no more.
 * @typedef {{ hash: string, bytes: Blob, fate: Fate, keptMs: number }} Photo
 */

const NAME = "campushub-guard";
const VERSION = 1;
const SENT_STAY_MS = 7 * 86_400_000;

/** Tells other windows, and the page about what the service worker has sent. */
export const changes = new BroadcastChannel("campushub-guard");

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

/** @returns {Promise<IDBDatabase>} */
function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const items = request.result.createObjectStore("items", { keyPath: "id" });
      items.createIndex("fate", "fate");
      request.result.createObjectStore("photos", { keyPath: "hash" });
      request.result.createObjectStore("notes");
    };
    request.onsuccess = () => {
      request.result.onversionchange = forget;
      request.result.onclose = forget;
      resolve(request.result);
    };
    request.onerror = () => {
      opened = null;
      reject(request.error);
    };
  });
  return opened;
}

async function forget() {
  const database = await opened;
  opened = null;
  database?.close();
}

/**
 * Does all of `work` or nothing of it.
 * @template T
 * @param {string[]} stores
 * @param {"readonly" | "readwrite"} mode
 * @param {(transaction: IDBTransaction) => Promise<T> | T} work awaits nothing but requests of this transaction
 * @returns {Promise<T>}
 */
async function within(stores, mode, work) {
  const transaction = (await open()).transaction(stores, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(undefined);
    transaction.onabort = () => reject(transaction.error ?? new Error("not kept"));
  });
  done.catch(() => {});
  const result = await work(transaction);
  await done;
  return result;
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Keeps a tap or a report; taps are numbered in the order in which they were kept.
 * @param {Item} item
 * @returns {Promise<Item>}
 */
export async function keep(item) {
  const kept = await within(["items", "notes"], "readwrite", async (transaction) => {
    if (item.kind === "tap") {
      const notes = transaction.objectStore("notes");
      const seq = Number((await answer(notes.get("seq"))) ?? 0) + 1;
      notes.put(seq, "seq");
      item.body.seq = seq;
    }
    transaction.objectStore("items").add(item);
    return item;
  });
  changes.postMessage("items");
  return kept;
}

/** @returns {Promise<Item[]>} everything, oldest first */
export async function all() {
  const items = await within(["items"], "readonly", (t) => answer(t.objectStore("items").getAll()));
  return items.sort((a, b) => a.atMs - b.atMs);
}

/** @param {number} nowMs @returns {Promise<Item[]>} what is to be sent now, oldest first */
export async function waiting(nowMs) {
  const kept = await within(["items"], "readonly", (t) =>
    answer(t.objectStore("items").index("fate").getAll("kept")),
  );
  return kept.filter((item) => (item.notBeforeMs ?? 0) <= nowMs).sort((a, b) => a.atMs - b.atMs);
}

/**
 * Writes down what became of items; what is not there any more, or is settled already, stays as it is.
 * @param {Map<string, Partial<Item>>} fates by id
 */
export async function settle(fates) {
  await within(["items"], "readwrite", async (transaction) => {
    const items = transaction.objectStore("items");
    for (const [id, fate] of fates) {
      const item = await answer(items.get(id));
      if (item?.fate === "kept") items.put({ ...item, ...fate });
    }
  });
  changes.postMessage("items");
}

/**
 * Says whose items are that were kept before the phone knew who has it.
 * @param {string[]} ids @param {string} person
 */
export async function adopt(ids, person) {
  await within(["items"], "readwrite", async (transaction) => {
    const items = transaction.objectStore("items");
    for (const id of ids) {
      const item = await answer(items.get(id));
      if (item && !item.person) items.put({ ...item, person });
    }
  });
}

/** @param {string[]} ids refused ones that the guard has read about */
export async function markSeen(ids) {
  await within(["items"], "readwrite", async (transaction) => {
    const items = transaction.objectStore("items");
    for (const id of ids) {
      const item = await answer(items.get(id));
      if (item) items.put({ ...item, seen: true });
    }
  });
  changes.postMessage("items");
}

/**
 * Takes back what is not to be sent before a time that has not come yet.
 * @param {string} id
 * @param {number} nowMs
 * @returns {Promise<boolean>} whether it was in time
 */
export async function takeBack(id, nowMs) {
  const done = await within(["items"], "readwrite", async (transaction) => {
    const items = transaction.objectStore("items");
    const item = await answer(items.get(id));
    const inTime = item?.fate === "kept" && (item.notBeforeMs ?? 0) > nowMs;
    if (inTime) items.delete(id);
    return inTime;
  });
  changes.postMessage("items");
  return done;
}

/** Forgets what the hub took a week ago. @param {number} nowMs */
export async function tidy(nowMs) {
  await within(["items", "photos"], "readwrite", async (transaction) => {
    const items = transaction.objectStore("items");
    for (const item of await answer(items.getAll())) {
      if (item.fate === "sent" && (item.settledMs ?? nowMs) < nowMs - SENT_STAY_MS) items.delete(item.id);
    }
    const photos = transaction.objectStore("photos");
    for (const photo of await answer(photos.getAll())) {
      if (photo.fate === "sent" && photo.keptMs < nowMs - SENT_STAY_MS) photos.delete(photo.hash);
    }
  });
}

/** Keeps a photo; one that is there already stays as it is. @param {Photo} photo */
export function keepPhoto(photo) {
  return within(["photos"], "readwrite", async (transaction) => {
    const photos = transaction.objectStore("photos");
    if (!(await answer(photos.get(photo.hash)))) photos.put(photo);
  });
}

/** @param {string} hash @returns {Promise<Photo | undefined>} */
export function photo(hash) {
  return within(["photos"], "readonly", (t) => answer(t.objectStore("photos").get(hash)));
}

/** @param {string} hash @param {Fate} fate */
export function settlePhoto(hash, fate) {
  return within(["photos"], "readwrite", async (transaction) => {
    const photos = transaction.objectStore("photos");
    const known = await answer(photos.get(hash));
    if (known) photos.put({ ...known, fate });
  });
}

/** @param {string} name @returns {Promise<any>} undefined if nothing was written under it */
export function note(name) {
  return within(["notes"], "readonly", (t) => answer(t.objectStore("notes").get(name)));
}

/** @param {string} name @param {unknown} value undefined: forgets it */
export function writeNote(name, value) {
  return within(["notes"], "readwrite", (transaction) => {
    const notes = transaction.objectStore("notes");
    if (value === undefined) notes.delete(name);
    else notes.put(value, name);
  });
}

/** @returns {Promise<string>} this browser's own name, made once */
export function phone() {
  return within(["notes"], "readwrite", async (transaction) => {
    const notes = transaction.objectStore("notes");
    const known = await answer(notes.get("phone"));
    if (known) return known;
    const made = uuid();
    notes.put(made, "phone");
    return made;
  });
}

/** @returns {string} a random UUID, also where the page is not secure */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}
