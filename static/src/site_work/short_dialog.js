import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { remaining } from "./optimism";
import { ReasonChoice } from "./reason_choice";
import { productName, quantity } from "./words";

/** What could not be found of a line, and why. */
export class ShortDialog extends Component {
    static template = "oms.SiteWorkShortDialog";
    static components = { Dialog, ReasonChoice };
    static props = {
        model: Object,
        line: Object,
        reasons: Array,
        confirm: Function,
        close: Function,
    };

    setup() {
        this.state = useState({ reasonId: 0 });
        Object.assign(this, { productName, quantity });
    }

    get missing() {
        return quantity(remaining(this.props.line));
    }

    confirm() {
        this.props.confirm(this.state.reasonId);
        this.props.close();
    }
}
