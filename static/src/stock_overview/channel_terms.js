import { Component, useState } from "@odoo/owl";

/** What each channel can sell of a product, and why not more. */
export class ChannelTerms extends Component {
    static template = "oms.ChannelTerms";
    static props = { channels: Array, format: Function, unit: String };

    setup() {
        this.state = useState({ open: {} });
    }

    toggle(id) {
        this.state.open[id] = !this.state.open[id];
    }

    /** Sums are set apart from what is summed. */
    rowClass({ kind }) {
        return {
            "fw-bold": ["available", "left", "sellable"].includes(kind),
            "border-top": ["available", "left", "sellable"].includes(kind),
            "text-muted": ["limit", "own"].includes(kind),
        };
    }
}
