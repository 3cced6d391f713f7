import { Component } from "@odoo/owl";
import { distance, moment, unitsText } from "../words";
import { returnState, wayOf } from "./return_words";

/** One return in the list. */
export class ReturnCard extends Component {
    static template = "oms.SiteWorkReturnCard";
    static props = {
        card: Object,
        zone: { type: [String, Boolean], optional: true },
        open: Function,
    };

    setup() {
        Object.assign(this, { distance, moment, returnState, unitsText, wayOf });
    }
}
