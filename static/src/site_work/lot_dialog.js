import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus } from "@web/core/utils/hooks";
import { remaining } from "./optimism";
import { QuantityStepper } from "./quantity_stepper";
import { useScanHandler } from "./scan_handler";
import { productName } from "./words";

/** Which lot or serial number was taken. */
export class LotDialog extends Component {
    static template = "oms.SiteWorkLotDialog";
    static components = { Dialog, QuantityStepper };
    static props = {
        model: Object,
        line: Object,
        take: Function,
        choices: { type: Array, element: String, optional: true },
        close: Function,
    };
    static defaultProps = { choices: [] };

    setup() {
        this.productName = productName;
        this.state = useState({ name: "", quantity: Math.min(1, this.max) });
        useAutofocus({ refName: "name" });
        useScanHandler(this.props.model, (barcode) => this.take(barcode));
    }

    get isSerial() {
        return this.props.line.product.tracking === "serial";
    }

    get max() {
        return remaining(this.props.line);
    }

    take(name) {
        if (name.trim()) {
            this.props.take(name.trim(), this.isSerial ? 1 : this.state.quantity);
            this.props.close();
        }
    }
}
