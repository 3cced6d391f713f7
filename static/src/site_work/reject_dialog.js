import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { perLine } from "./optimism";
import { QuantityStepper } from "./quantity_stepper";
import { ReasonChoice } from "./reason_choice";
import { productName } from "./words";

/** Gives an order back, all of it or some: another site is looked for. */
export class RejectDialog extends Component {
    static template = "oms.SiteWorkRejectDialog";
    static components = { Dialog, QuantityStepper, ReasonChoice };
    static props = { model: Object, detail: Object, confirm: Function, close: Function };

    setup() {
        this.productName = productName;
        this.lines = perLine(this.props.detail.lines, (line) => line.demand);
        this.state = useState({
            reasonId: 0,
            isPart: false,
            quantities: Object.fromEntries(this.lines.map((line) => [line.id, 0])),
            note: "",
        });
    }

    get chosen() {
        return this.lines
            .map((line) => ({ line_id: line.id, quantity: this.state.quantities[line.id] }))
            .filter((line) => line.quantity > 0);
    }

    get canConfirm() {
        return this.state.reasonId && (!this.state.isPart || this.chosen.length);
    }

    confirm() {
        const { reasonId, isPart, note } = this.state;
        this.props.confirm({ reason_id: reasonId, lines: isPart ? this.chosen : null, note });
        this.props.close();
    }
}
