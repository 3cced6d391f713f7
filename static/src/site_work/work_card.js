import { Component } from "@odoo/owl";
import * as words from "./words";

/** One order in the list. */
export class WorkCard extends Component {
    static template = "oms.SiteWorkCard";
    static props = {
        card: Object,
        zone: { type: [String, Boolean], optional: true },
        waiting: Number,
        open: Function,
    };

    setup() {
        this.words = words;
    }

    get carrierName() {
        const { carrier } = this.props.card;
        return carrier?.name || carrier || "";
    }
}
