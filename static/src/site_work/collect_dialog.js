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
            // Of goods with numbers: which the customer takes, and how much of each.
            lots: Object.fromEntries(
                this.lines.map((line) => [
                    line.id,
                    [{ key: 0, name: line.lot?.name || "", quantity: line.amount }],
                ])
            ),
            rest: "keep",
        });
        useScanHandler(this.props.model, (barcode) =>
            this.props.isSale ? this.takeLot(barcode) : (this.state.code = barcode)
        );
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
            isLess(this.taken(line), line.amount, line.rounding)
        );
    }

    needsLot(line) {
        return this.props.isSale && line.product.tracking !== "none";
    }

    /** How much the customer takes of a line. */
    taken(line) {
        if (!this.needsLot(line)) {
            return this.state.quantities[line.id];
        }
        return this.state.lots[line.id].reduce((sum, lot) => sum + lot.quantity, 0);
    }

    /** What may be taken of one lot besides what is taken of the others. */
    most(line, lot) {
        return line.amount - (this.taken(line) - lot.quantity);
    }

    canAddLot(line) {
        return this.state.lots[line.id].length < line.amount / (line.rounding || 1);
    }

    addLot(line, name = "") {
        const lots = this.state.lots[line.id];
        if (line.product.tracking === "serial") {
            lots.forEach((lot) => (lot.quantity = Math.min(lot.quantity, 1)));
        }
        let quantity = line.amount - this.taken(line);
        if (quantity <= 0) {
            // One of those that were taken of the largest.
            const largest = lots.reduce((one, other) => (other.quantity > one.quantity ? other : one));
            quantity = Math.min(1, largest.quantity);
            largest.quantity -= quantity;
        }
        if (line.product.tracking === "serial") {
            quantity = Math.min(quantity, 1);
        }
        lots.push({ key: Math.max(...lots.map((lot) => lot.key)) + 1, name, quantity });
    }

    /** Takes a scanned number for the first line that lacks one. */
    takeLot(name) {
        const lines = this.lines.filter((line) => this.needsLot(line));
        for (const line of lines) {
            const empty = this.state.lots[line.id].find((lot) => !lot.name.trim());
            if (empty) {
                empty.name = name;
                return;
            }
        }
        const open = lines.find((line) => this.canAddLot(line));
        if (open) {
            this.addLot(open, name);
        }
    }

    get canConfirm() {
        const takes = this.lines.some((line) => this.taken(line) > 0);
        return takes && !this.isCodeWrong && (!this.needsIdentity || this.state.isIdentityChecked);
    }

    get values() {
        const { quantities, lots, rest, isIdentityChecked } = this.state;
        const values = {};
        if (this.isPart || this.lines.some((line) => this.needsLot(line))) {
            values.lines = this.lines.flatMap((line) =>
                this.needsLot(line)
                    ? lots[line.id].map(({ name, quantity }) => ({
                          line_id: line.id,
                          quantity,
                          lot_name: name.trim() || null,
                      }))
                    : [{ line_id: line.id, quantity: quantities[line.id] }]
            );
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
