import { Component } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { isLess, remaining } from "./optimism";
import { productName, quantity } from "./words";

/** The last look before the goods leave: what is done now cannot be undone. */
export class HandOverDialog extends Component {
    static template = "oms.SiteWorkHandOverDialog";
    static components = { Dialog };
    static props = { model: Object, detail: Object, confirm: Function, close: Function };

    get packageCount() {
        return this.props.detail.packages?.length || 0;
    }

    get missing() {
        return this.props.detail.lines
            .filter((line) => isLess(0, remaining(line), line.rounding))
            .map((line) => `${quantity(remaining(line))} ${productName(line.product)}`);
    }

    get carrierName() {
        const { carrier } = this.props.detail;
        return carrier?.name || carrier || "";
    }

    confirm() {
        this.props.confirm(this.missing.length ? { partial: true } : {});
        this.props.close();
    }
}
