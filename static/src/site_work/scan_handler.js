import { onMounted, onWillUnmount } from "@odoo/owl";

/**
 * Gives a component what is scanned while it is on the screen; a dialog takes it from the page.
 *
 * @param {SiteWorkModel} model
 * @param {(barcode: string) => void} handler
 */
export function useScanHandler(model, handler) {
    const { scanHandlers } = model;
    onMounted(() => scanHandlers.push(handler));
    onWillUnmount(() => scanHandlers.splice(scanHandlers.indexOf(handler), 1));
}
