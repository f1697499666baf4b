// Photos made small enough to keep and to send. Drawing them anew leaves behind where and when they were taken.

import { keepPhoto } from "./store.js";
import { hashOf } from "./tag.js";

const MOST_PIXELS = 1600;
const MOST_BYTES = 1_900_000;

/**
 * Keeps a photo on the phone.
 * @param {Blob} file
 * @returns {Promise<{ hash: string, canvas: HTMLCanvasElement }>} rejects what is no image
 */
export async function takePhoto(file) {
  const canvas = await shrunk(file);
  const bytes = await encoded(canvas);
  const hash = await hashOf(await bytes.arrayBuffer());
  if (!hash) throw new Error("not secure");
  await keepPhoto({ hash, bytes, fate: "kept", keptMs: Date.now() });
  return { hash, canvas };
}

/** @param {Blob} file @returns {Promise<HTMLCanvasElement>} */
export async function shrunk(file) {
  const image = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, MOST_PIXELS / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
async function encoded(canvas) {
  for (const quality of [0.82, 0.7, 0.55, 0.4]) {
    const bytes = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (bytes && bytes.size <= MOST_BYTES) return bytes;
  }
  throw new Error("too large");
}
