import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { isLess, perLine } from "./optimism";
import { QuantityStepper } from "./quantity_stepper";
import { productName } from "./words";

/** A package: what goes in, of which kind it is, what it weighs. */
export class PackDialog extends Component {
    static template = "oms.SiteWorkPackDialog";
    static components = { Dialog, QuantityStepper };
    static props = { detail: Object, confirm: Function, close: Function };

    setup() {
        this.productName = productName;
        // What is picked and in no package yet.
        this.lines = perLine(
            this.props.detail.lines,
            (line) => line.picked - (line.packed || 0)
        );
        const quantities = Object.fromEntries(this.lines.map((line) => [line.id, line.amount]));
        this.state = useState({ quantities, typeId: 0, weight: "" });
    }

    get types() {
        return this.props.detail.package_types || [];
    }

    get weight() {
        const weight = Number(String(this.state.weight).replace(",", "."));
        return Number.isFinite(weight) && weight > 0 ? weight : 0;
    }

    get isWeightWrong() {
        return !!String(this.state.weight).trim() && !this.weight;
    }

    get isAll() {
        const { quantities } = this.state;
        return this.lines.every((line) => !isLess(quantities[line.id], line.amount, line.rounding));
    }

    get chosen() {
        return this.lines
            .map((line) => ({ line_id: line.id, quantity: this.state.quantities[line.id] }))
            .filter((line) => line.quantity > 0);
    }

    confirm() {
        const values = {};
        if (this.state.typeId) {
            values.package_type_id = this.state.typeId;
        }
        if (this.weight) {
            values.weight = this.weight;
        }
        if (!this.isAll) {
            values.lines = this.chosen;
        }
        this.props.confirm(values);
        this.props.close();
    }
}
