import { Component } from "@odoo/owl";
import { distance, moment, serviceOf, stateColor, stateName, unitsText } from "./words";

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
        Object.assign(this, { distance, moment, serviceOf, stateColor, stateName, unitsText });
    }

    get carrierName() {
        const { carrier } = this.props.card;
        return carrier?.name || carrier || "";
    }
}
