import { Component } from "@odoo/owl";
import { moment, quantity } from "../words";

/** An order from which goods may be that came without announcement, and why it may be that one. */
export class OrderCandidate extends Component {
    static template = "oms.SiteWorkOrderCandidate";
    static props = { candidate: Object, open: Function };

    setup() {
        Object.assign(this, { moment, quantity });
    }

    get goods() {
        return this.props.candidate.lines.map((line) => ({
            key: line.key,
            text: line.product.name,
            count: quantity(line.max),
            whyNot: line.max > 0 ? "" : line.why_not,
        }));
    }
}
