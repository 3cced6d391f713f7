/** Codes by which customers prove that goods are theirs have no signs that look alike. */
const CODE = /^[2-9BCDFGHJKMNPQRSTVWXZ]{8}$/;

/**
 * @param {string} text as it was scanned or typed
 * @returns {string} the code in it, or nothing if there is none
 */
export function readCode(text) {
    const code = (text || "").normalize("NFKC").toUpperCase().replace(/[-\s]/g, "");
    return CODE.test(code) ? code : "";
}
