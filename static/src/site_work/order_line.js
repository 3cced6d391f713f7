import { Component, useEffect, useRef } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { isComplete, isLess } from "./optimism";
import { QuantityStepper } from "./quantity_stepper";
import { productName, quantity } from "./words";

/** A product to pick: where it is, how many, how many there are. */
export class OrderLine extends Component {
    static template = "oms.SiteWorkOrderLine";
    static components = { QuantityStepper };
    static props = {
        line: Object,
        canPick: Boolean,
        isLast: Boolean,
        isHere: Boolean,
        onQuantity: Function,
        onShort: Function,
    };

    setup() {
        this.root = useRef("root");
        Object.assign(this, { productName, quantity });
        // What was scanned comes into sight.
        useEffect(
            (isLast) => {
                if (isLast) {
                    this.root.el.scrollIntoView({ block: "nearest", behavior: "smooth" });
                }
            },
            () => [this.props.isLast, this.props.line.picked]
        );
    }

    get isComplete() {
        return isComplete(this.props.line);
    }

    get isShort() {
        return isLess(0, this.props.line.short || 0, this.props.line.rounding);
    }

    get max() {
        const { line } = this.props;
        return Math.max(line.demand - (line.short || 0), 0);
    }

    get look() {
        if (!this.isComplete) {
            return this.props.isHere ? "o_oms_here" : "";
        }
        return this.isShort ? "o_oms_is_short" : "o_oms_is_complete";
    }

    get needsLot() {
        const { line } = this.props;
        return line.product.tracking !== "none" && !line.lot;
    }

    get stepperLabel() {
        return _t("Picked of %s", productName(this.props.line.product));
    }
}
