// QR codes by the camera, where the browser can read them.

const PAUSE_MS = 150;

/** @returns {Promise<boolean>} */
export async function canScan() {
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices?.getUserMedia) return false;
  // @ts-ignore: BarcodeDetector is not among the types of the DOM
  const formats = await BarcodeDetector.getSupportedFormats().catch(() => []);
  return formats.includes("qr_code");
}

/**
 * Shows the camera in `video` until a code is found or `signal` ends it.
 * @param {HTMLVideoElement} video @param {AbortSignal} signal
 * @returns {Promise<string | null>} what the code says; null: ended
 */
export async function scan(video, signal) {
  const camera = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = camera;
    await video.play();
    // @ts-ignore: as above
    const detector = new BarcodeDetector({ formats: ["qr_code"] });
    while (!signal.aborted) {
      const found = await detector.detect(video).catch(() => []);
      if (found.length) return found[0].rawValue;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return null;
  } finally {
    for (const track of camera.getTracks()) track.stop();
    video.srcObject = null;
  }
}
