import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { formatFloat } from "@web/core/utils/numbers";
import { parseFloat } from "@web/views/fields/parsers";

/** Money in the currency of the order. */
export function money(amount, currency) {
    const text = formatFloat(amount, { digits: [16, currency.digits] });
    return currency.position === "before"
        ? `${currency.symbol} ${text}`
        : `${text} ${currency.symbol}`;
}

/** The customer pays at the counter: in cash, with the change reckoned, or by card. */
export class PayDialog extends Component {
    static template = "oms.SiteWorkPayDialog";
    static components = { Dialog };
    static props = { detail: Object, confirm: Function, close: Function };

    setup() {
        const { due, currency } = this.props.detail.payment;
        this.currency = currency;
        this.state = useState({
            means: "cash",
            amount: formatFloat(due, { digits: [16, currency.digits], thousandsSep: "" }),
            given: "",
            reference: "",
        });
        this.money = (amount) => money(amount, this.currency);
    }

    get due() {
        return this.props.detail.payment.due;
    }

    /** What somebody typed; nothing when it is no number. */
    read(text) {
        try {
            const amount = parseFloat(text.trim());
            return Number.isFinite(amount) ? amount : null;
        } catch {
            return null;
        }
    }

    get amount() {
        return this.read(this.state.amount);
    }

    get given() {
        return this.state.given.trim() ? this.read(this.state.given) : this.amount;
    }

    get isAmountWrong() {
        const least = 10 ** -this.currency.digits / 2;
        return this.amount === null || this.amount <= 0 || this.amount > this.due + least;
    }

    get change() {
        const scale = 10 ** this.currency.digits;
        return Math.round((this.given - this.amount) * scale) / scale;
    }

    get isTooLittle() {
        return this.state.means === "cash" && (this.given === null || this.change < 0);
    }

    get canConfirm() {
        return !this.isAmountWrong && !this.isTooLittle;
    }

    confirm() {
        const { means, given, reference } = this.state;
        this.props.confirm({
            means,
            amount: this.amount,
            ...(means === "cash" && given.trim() && { given: this.given }),
            ...(means === "card" && reference.trim() && { reference: reference.trim() }),
        });
        this.props.close();
    }
}
