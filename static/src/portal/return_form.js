import { registry } from "@web/core/registry";
import { Interaction } from "@web/public/interaction";

/** Asks for a return: shows what belongs to what is chosen, and refuses nothing the server takes. */
export class ReturnForm extends Interaction {
    static selector = ".o_oms_return_form form";
    dynamicContent = {
        ".o_oms_less, .o_oms_more": { "t-att-class": () => ({ "d-none": false }) },
        ".o_oms_less": { "t-on-click": (ev) => this.step(ev, -1) },
        ".o_oms_more": { "t-on-click": (ev) => this.step(ev, 1) },
        ".o_oms_quantity, .o_oms_reason, .o_oms_way": { "t-on-change": () => {} },
        ".o_oms_quantity": { "t-on-input": () => {} },
        ".o_oms_why": {
            "t-att-class": (el) => ({ "d-none": !this.isWanted(el) }),
        },
        ".o_oms_reason": { "t-att-required": (el) => this.isWanted(el) },
        ".o_oms_note": { "t-att-required": (el) => this.asksFor(el, "note") },
        ".o_oms_photos": { "t-att-required": (el) => this.asksFor(el, "photo") },
        ".o_oms_optional": {
            "t-att-class": (el) => ({
                "d-none": this.asksFor(el, el.closest("div").querySelector("textarea") ? "note" : "photo"),
            }),
        },
        ".o_oms_sites": {
            "t-att-class": () => ({
                "d-none": this.el.querySelector(".o_oms_way:checked")?.value !== "dropoff",
            }),
        },
        ".o_oms_ask": { "t-att-disabled": () => this.isSent || !this.isAnythingWanted },
        _root: { "t-on-submit": () => this.mark(true) },
        // Who comes back to the page may send it again: it is one return.
        _window: { "t-on-pageshow": () => this.mark(false) },
    };

    setup() {
        this.isSent = false;
    }

    line(el) {
        return el.closest(".o_oms_return_line");
    }

    isWanted(el) {
        return Number(this.line(el).querySelector(".o_oms_quantity").value) > 0;
    }

    get isAnythingWanted() {
        return [...this.el.querySelectorAll(".o_oms_quantity")].some((each) => Number(each.value) > 0);
    }

    /** Tells whether the reason asks for a `note` or a `photo`. */
    asksFor(el, what) {
        const reason = this.line(el).querySelector(".o_oms_reason");
        return this.isWanted(el) && reason.selectedOptions[0]?.dataset[what] === "1";
    }

    step(ev, direction) {
        const input = this.line(ev.currentTarget).querySelector(".o_oms_quantity");
        const wanted = (Number(input.value) || 0) + direction;
        input.value = Math.min(Math.max(wanted, 0), Number(input.max));
    }

    mark(isSent) {
        this.isSent = isSent;
    }
}

/** Opens the return of a mail: what opens it stands behind the #, which no log has. */
export class ReturnOpen extends Interaction {
    static selector = ".o_oms_return_open";

    start() {
        const key = window.location.hash.slice(1);
        // Nobody who looks at the screen or its history afterwards has it.
        window.history.replaceState(null, "", window.location.pathname);
        this.el.elements.key.value = key;
        this.el.submit();
    }
}

/** Looks again while the carrier makes the label. */
export class ReturnLabel extends Interaction {
    static selector = ".o_oms_return[data-waits]";

    setup() {
        const tries = Number(sessionStorage.getItem("oms_label_tries") || 0);
        if (tries < 12) {
            this.waitForTimeout(() => {
                sessionStorage.setItem("oms_label_tries", tries + 1);
                window.location.reload();
            }, 5000);
        }
    }
}

registry.category("public.interactions").add("oms.return_form", ReturnForm);
registry.category("public.interactions").add("oms.return_open", ReturnOpen);
registry.category("public.interactions").add("oms.return_label", ReturnLabel);
