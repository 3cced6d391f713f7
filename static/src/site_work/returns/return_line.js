import { Component, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { QuantityStepper } from "../quantity_stepper";
import { moment, productName, quantity } from "../words";
import { isComplete, itemsOf, missing, remaining } from "./return_effects";
import { ReturnItem } from "./return_item";

/** A product that comes back: how many were announced, how many came, in what state. */
export class ReturnLine extends Component {
    static template = "oms.SiteWorkReturnLine";
    static components = { QuantityStepper, ReturnItem };
    static props = { page: Object, detail: Object, line: Object, isLast: Boolean };

    setup() {
        this.root = useRef("root");
        Object.assign(this, { isComplete, missing, moment, productName, quantity });
        // What was scanned comes into sight.
        useEffect(
            (isLast) => {
                if (isLast) {
                    this.root.el.scrollIntoView({ block: "nearest", behavior: "smooth" });
                }
            },
            () => [this.props.isLast, this.props.line.received]
        );
    }

    get items() {
        return itemsOf(this.props.detail, this.props.line);
    }

    /** What is booked already cannot be taken off again here. */
    get min() {
        const booked = this.items.filter((item) => item.is_booked || item.grade);
        return booked.reduce((sum, item) => sum + item.quantity, 0);
    }

    get max() {
        return this.props.line.received + remaining(this.props.line);
    }

    get isTracked() {
        return this.props.line.product.tracking !== "none";
    }

    get isTooMany() {
        const { line } = this.props;
        return line.received > line.announced && line.announced > 0;
    }

    get look() {
        const { line } = this.props;
        if (!line.received) {
            return "";
        }
        return missing(line) ? "o_oms_here" : "o_oms_is_complete";
    }

    get stepperLabel() {
        return _t("Received of %s", productName(this.props.line.product));
    }
}
