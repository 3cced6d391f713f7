import { browser } from "@web/core/browser/browser";

/** Steps that the tours of the site screen share. */

/** Types a code as quick as a hand scanner does. */
export function scan(code) {
    for (const key of [...code, "Enter"]) {
        document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
}

export const scanned = (code, content) => ({
    content: content || `Scan ${code}`,
    trigger: ".o_oms_order .o_oms_lines",
    run: () => scan(code),
});

export const says = (kind, text) => ({
    content: `The screen says: ${text}`,
    trigger: `.o_oms_message_${kind}:contains('${text}')`,
});

export const counts = (product, text) => ({
    content: `${product}: ${text}`,
    trigger: `.o_oms_line:contains('${product}') .o_oms_count:contains('${text}')`,
});

export const opens = (customer) => ({
    content: "Open the order",
    trigger: `.o_oms_card:contains('${customer}')`,
    run: "click",
});

export const does = (action, state = "") => ({
    content: `Do: ${action}`,
    trigger: `.o_oms_actions button[data-action='${action}']${state}`,
    run: "click",
});

export const confirms = {
    trigger: ".modal .o_oms_confirm:enabled",
    run: "click",
};

export const isAt = (state) => ({
    content: `The order is ${state}`,
    trigger: `.o_oms_steps li.o_oms_step_now[data-state='${state}']`,
});

const { XMLHttpRequest: LiveRequest } = browser;

/** What the screen sends never arrives; the rest of Odoo is of no interest here. */
class DeadRequest extends LiveRequest {
    open(method, url, ...more) {
        this.isDead = url.includes("oms.site.work");
        if (!this.isDead) {
            super.open(method, url, ...more);
        }
    }
    setRequestHeader(...header) {
        if (!this.isDead) {
            super.setRequestHeader(...header);
        }
    }
    send(body) {
        if (!this.isDead) {
            return super.send(body);
        }
        Promise.resolve().then(() => this.dispatchEvent(new ProgressEvent("error")));
    }
}

export function cutTheLine() {
    browser.XMLHttpRequest = DeadRequest;
}

export function mendTheLine() {
    browser.XMLHttpRequest = LiveRequest;
    window.dispatchEvent(new Event("online"));
}

export const waits = (text) => ({
    content: `${text} for the connection`,
    trigger: `.o_oms_connection:contains('${text}')`,
});

export const allSent = {
    content: "Nothing waits any more",
    trigger: ".o_oms_top_bar:not(:has(.o_oms_connection))",
};
