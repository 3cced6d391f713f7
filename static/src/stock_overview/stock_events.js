import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import {
    deserializeDateTime,
    toLocaleDateString,
    toLocaleDateTimeString,
} from "@web/core/l10n/dates";

const FEW = 8;

/** What comes and goes, a row each, and when open demand is covered. */
export class StockEvents extends Component {
    static template = "oms.StockEvents";
    static props = {
        events: Array,
        count: Number,
        unit: String,
        format: Function,
        oneSite: Boolean,
        openDocument: Function,
    };

    setup() {
        this.state = useState({ all: false });
        this.labels = {
            site: _t("Site"),
            product: _t("Variant"),
            documents: _t("Documents"),
            covered: _t("Covered"),
            comes: _t("Comes"),
            goes: _t("Goes"),
        };
    }

    get rows() {
        return this.state.all ? this.props.events : this.props.events.slice(0, FEW);
    }

    get more() {
        return this.props.events.length - FEW;
    }

    get someProducts() {
        return this.props.events.some((event) => event.product);
    }

    moment(value) {
        return toLocaleDateTimeString(deserializeDateTime(value));
    }

    day(value) {
        return toLocaleDateString(deserializeDateTime(value));
    }

    isLate({ covered, due }) {
        return covered !== "now" && covered > due;
    }
}
