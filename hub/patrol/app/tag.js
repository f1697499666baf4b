// What a tag says, whether it came by NFC, as an opened address, as a QR code or as a number.

/** @import { Read } from "./round.js" */

const UID = /^(?:[0-9A-F]{8}|[0-9A-F]{14}|[0-9A-F]{20})$/;
const PATH = /^\/t\/([^/]{1,64})$/;

/** @param {string} text @returns {string | null} a UID as it is written everywhere, or null if it is none */
export function uidOf(text) {
  const plain = text.replaceAll(/[:\-\s]/g, "").toUpperCase();
  return UID.test(plain) ? plain : null;
}

/**
 * The tap that an address of this hub stands for: `/t/<name>`, or the same behind `/guard#tag=`.
 * @param {string} address @param {string} origin of the hub @param {Read["source"]} source
 * @returns {Promise<Read | null>} null: it is no tag's address
 */
export async function fromAddress(address, origin, source) {
  const url = parsed(address);
  if (url?.host !== new URL(origin).host) return null;
  const path = PATH.exec(url.pathname);
  const values = path ? url.searchParams : new URLSearchParams(url.hash.slice(1));
  const named = path ? decodeURIComponent(path[1]) : values.get("tag");
  if (!named) return null;
  const tag = uidOf(named);
  const signed = [...values].filter(([name]) => !["tag", "lang", "via"].includes(name));
  return {
    tag,
    tagHash: tag ? await hash(tag) : null,
    checkpoint: tag ? null : named,
    sun: signed.length ? Object.fromEntries(signed) : null,
    source: source === "url" && values.get("via") === "qr" ? "qr" : source,
  };
}

/**
 * The tap that a read by Web NFC stands for; a signed address in the tag proves more than its number.
 * @param {string} serialNumber may be empty @param {string[]} addresses @param {string} origin
 * @returns {Promise<Read | null>} null: the tag says nothing that tells it from others
 */
export async function fromNfc(serialNumber, addresses, origin) {
  const uid = uidOf(serialNumber);
  const tagHash = uid ? await hash(uid) : null;
  for (const address of addresses) {
    const read = await fromAddress(address, origin, "nfc");
    if (read) return uid ? { ...read, tag: uid, tagHash, checkpoint: null } : read;
  }
  return uid ? { tag: uid, tagHash, checkpoint: null, sun: null, source: "nfc" } : null;
}

/** @param {string} text @returns {Promise<string | null>} SHA-256 in hex; null where the page is not secure */
export async function hash(text) {
  return hashOf(new TextEncoder().encode(text));
}

/** @param {BufferSource} bytes @returns {Promise<string | null>} */
export async function hashOf(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @param {string} address @returns {URL | null} */
function parsed(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
