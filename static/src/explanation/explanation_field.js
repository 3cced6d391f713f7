import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { formatFloat, formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useService } from "@web/core/utils/hooks";
import { partColor } from "./part_colors";

/** Shows what a sourcing decision compared: the plan's cost by part, and a row for each site. */
export class ExplanationField extends Component {
    static template = "oms.ExplanationField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get data() {
        return this.props.record.data[this.props.name];
    }

    /** Bars are drawn against the dearest site, so that they can be compared by eye. */
    get scale() {
        const sums = this.data.rows.map((row) => this.sum(row.costs));
        return Math.max(...sums, this.sum(this.data.costs), 0.01);
    }

    sum(costs) {
        return costs.reduce((total, [, amount]) => total + amount, 0);
    }

    color(label) {
        const index = this.data.costs.findIndex(([name]) => name === label);
        return partColor(index);
    }

    get anyUnfilled() {
        return this.data.plans.some((plan) => plan.unfilled);
    }

    get planScale() {
        return Math.max(...this.data.plans.map((plan) => plan.total), 0.01);
    }

    number(value) {
        return formatFloat(value, { digits: [16, 3], trailingZeros: false });
    }

    barStyle(label, amount, scale = this.scale) {
        return `width: ${(100 * amount) / scale}%; background-color: ${this.color(label)}`;
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.data.currency_id });
    }

    /** Differences from the chosen plan; the minus of a cheaper one is part of its amount. */
    more(amount) {
        return (amount > 0 ? "+" : "") + this.money(amount);
    }

    title(costs) {
        return costs.map(([label, amount]) => `${label}: ${this.money(amount)}`).join("\n");
    }

    /** Rows that only count sites, or name one that is no more, lead nowhere. */
    isSite(row) {
        return Number.isInteger(row.site_id);
    }

    openSite(siteId) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "oms.site",
            res_id: siteId,
            views: [[false, "form"]],
        });
    }
}

registry.category("fields").add("oms_explanation", {
    component: ExplanationField,
    supportedTypes: ["json"],
});
