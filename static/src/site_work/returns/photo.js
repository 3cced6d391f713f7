/** The longest side of pictures that are sent, in pixels. */
const MOST_PIXELS = 1280;
const QUALITY = 0.7;

/**
 * Makes a picture of a phone small enough to wait for a connection.
 *
 * @param {File} file
 * @returns {Promise<string>} a JPEG in base64
 */
export async function readPhoto(file) {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MOST_PIXELS / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return canvas.toDataURL("image/jpeg", QUALITY).split(",")[1];
}
