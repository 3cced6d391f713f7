import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { isLess, perLine } from "./optimism";
import { readCode } from "./pickup_code";
import { QuantityStepper } from "./quantity_stepper";
import { useScanHandler } from "./scan_handler";
import { productName } from "./words";

/**
 * The customer stands here: the code, a look at the identity card where it is wanted, and what is
 * taken of the goods.
 */
export class CollectDialog extends Component {
    static template = "oms.SiteWorkCollectDialog";
    static components = { Dialog, QuantityStepper };
    static props = {
        model: Object,
        detail: Object,
        isSale: Boolean,
        code: { type: String, optional: true },
        confirm: Function,
        close: Function,
    };

    setup() {
        this.productName = productName;
        const { lines, pickup } = this.props.detail;
        // What is still here, without what was taken before.
        this.lines = perLine(pickup?.lines || lines, (line) => line.demand);
        this.state = useState({
            code: this.props.code || "",
            isIdentityChecked: false,
            isPart: false,
            quantities: Object.fromEntries(this.lines.map((line) => [line.id, line.amount])),
            lots: Object.fromEntries(this.lines.map((line) => [line.id, line.lot?.name || ""])),
            rest: "keep",
        });
        useScanHandler(this.props.model, (barcode) => (this.state.code = barcode));
    }

    get title() {
        return this.props.isSale ? _t("Sell") : _t("Hand over to the customer");
    }

    get code() {
        return readCode(this.state.code);
    }

    get isCodeWrong() {
        return !!this.state.code.trim() && !this.code;
    }

    /** Whether the channel wants an identity card to be looked at. */
    get needsIdentity() {
        const policy = this.props.detail.pickup?.identity;
        return !this.props.isSale && (policy === "always" || (policy === "no_code" && !this.code));
    }

    get isPart() {
        return this.lines.some((line) =>
            isLess(this.state.quantities[line.id], line.amount, line.rounding)
        );
    }

    needsLot(line) {
        return this.props.isSale && line.product.tracking !== "none";
    }

    get canConfirm() {
        const takes = this.lines.some((line) => this.state.quantities[line.id] > 0);
        return takes && !this.isCodeWrong && (!this.needsIdentity || this.state.isIdentityChecked);
    }

    get values() {
        const { quantities, lots, rest, isIdentityChecked } = this.state;
        const values = {};
        if (this.isPart || this.lines.some((line) => this.needsLot(line))) {
            values.lines = this.lines.map((line) => ({
                line_id: line.id,
                quantity: quantities[line.id],
                ...(this.needsLot(line) && { lot_name: lots[line.id].trim() || null }),
            }));
        }
        if (this.props.isSale) {
            return values;
        }
        return {
            ...values,
            ...(this.isPart && { rest }),
            code: this.code || null,
            identity_checked: isIdentityChecked,
        };
    }

    confirm() {
        this.props.confirm(this.values);
        this.props.close();
    }
}
