import { Component } from "@odoo/owl";
import { quantity } from "./words";

/** A quantity with large buttons beside it. */
export class QuantityStepper extends Component {
    static template = "oms.SiteWorkQuantityStepper";
    static props = {
        value: Number,
        max: Number,
        label: String,
        onChange: Function,
        min: { type: Number, optional: true },
        rounding: { type: Number, optional: true },
        disabled: { type: Boolean, optional: true },
    };
    static defaultProps = { min: 0, rounding: 1, disabled: false };

    get text() {
        return quantity(this.props.value);
    }

    get canLess() {
        return !this.props.disabled && this.props.value > this.props.min;
    }

    get canMore() {
        return !this.props.disabled && this.props.value < this.props.max;
    }

    set(value) {
        const { min, max, rounding } = this.props;
        // As many digits as the unit has.
        const digits = Math.max(0, Math.ceil(-Math.log10(rounding || 1)));
        const rounded = Number(value.toFixed(digits));
        const bounded = Math.min(Math.max(rounded, min), max);
        if (bounded !== this.props.value) {
            this.props.onChange(bounded);
        }
        return bounded;
    }

    onTyped(ev) {
        const value = Number(ev.target.value.replace(",", "."));
        ev.target.value = quantity(Number.isFinite(value) ? this.set(value) : this.props.value);
    }
}
