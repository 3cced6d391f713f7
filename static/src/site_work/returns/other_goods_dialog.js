import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useAutofocus } from "@web/core/utils/hooks";
import { QuantityStepper } from "../quantity_stepper";
import { useScanHandler } from "../scan_handler";
import { productName } from "../words";

/** Goods that came besides, of another order or of none; also what nobody can name. */
export class OtherGoodsDialog extends Component {
    static template = "oms.SiteWorkOtherGoodsDialog";
    static components = { Dialog, QuantityStepper };
    static props = {
        model: Object,
        detail: Object,
        subject: String,
        code: String,
        known: { type: [Object, { value: null }], optional: true },
        confirm: Function,
        close: Function,
    };

    setup() {
        this.productName = productName;
        const { code, known } = this.props;
        this.state = useState({
            code,
            known: known || null,
            isAsked: !!code,
            quantity: known?.quantity || 1,
            lot: known?.lot || "",
            note: "",
        });
        useAutofocus({ refName: "code" });
        useScanHandler(this.props.model, (barcode) => this.look(barcode));
    }

    get product() {
        return this.state.known?.product || null;
    }

    /** Offline, or nobody knows it: it is taken with what somebody says of it. */
    get needsNote() {
        return !this.product;
    }

    get notePlaceholder() {
        return this.needsNote ? _t("What is it?") : _t("Note");
    }

    get needsLot() {
        return !!this.product && this.product.tracking !== "none";
    }

    get canConfirm() {
        const { code, lot, note, isAsked } = this.state;
        if (!isAsked && code.trim()) {
            return false;
        }
        return (!this.needsNote || !!note.trim()) && (!this.needsLot || !!lot.trim());
    }

    async look(barcode) {
        const code = (barcode ?? this.state.code).trim();
        this.state.code = code;
        if (!code) {
            return;
        }
        this.state.known = await this.props.model.returns.findGoods(this.props.subject, code);
        this.state.isAsked = true;
        this.state.lot = this.state.known?.lot || "";
        this.state.quantity = this.state.known?.quantity || 1;
    }

    onCode(ev) {
        this.state.code = ev.target.value;
        this.state.isAsked = false;
        this.state.known = null;
    }

    confirm() {
        const { code, lot, note } = this.state;
        this.props.confirm({
            quantity: this.state.quantity,
            ...(this.product ? { product_id: this.product.id } : { barcode: code.trim() }),
            ...(this.needsLot && { lot_name: lot.trim() }),
            ...(note.trim() && { note: note.trim() }),
        });
        this.props.close();
    }
}
