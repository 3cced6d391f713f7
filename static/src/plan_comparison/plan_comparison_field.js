import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { formatFloat, formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useService } from "@web/core/utils/hooks";
import { partColor } from "@oms/explanation/part_colors";

/** Lays the plans of several strategies side by side: sites, cost by part, what it differs by. */
export class PlanComparisonField extends Component {
    static template = "oms.PlanComparisonField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get data() {
        return this.props.record.data[this.props.name];
    }

    get rows() {
        const rows = [...this.data.rows].sort((a, b) => a.total - b.total);
        return this.data.made ? [this.data.made, ...rows] : rows;
    }

    get labels() {
        const labels = new Map();
        for (const row of this.rows) {
            for (const [label, amount] of row.costs) {
                labels.set(label, Math.max(amount, labels.get(label) || 0));
            }
        }
        return [...labels].filter(([, most]) => most > 0).map(([label]) => label);
    }

    get scale() {
        return Math.max(...this.rows.map((row) => row.total), 0.01);
    }

    color(label) {
        return partColor(this.labels.indexOf(label));
    }

    barStyle(label, amount) {
        return `width: ${(100 * amount) / this.scale}%; background-color: ${this.color(label)}`;
    }

    money(amount) {
        return formatMonetary(amount, { currencyId: this.data.currency_id });
    }

    number(value, digits) {
        return formatFloat(value, { digits: [16, digits], trailingZeros: false });
    }

    title(row) {
        return row.costs
            .filter(([, amount]) => amount)
            .map(([label, amount]) => `${label}: ${this.money(amount)}`)
            .join("\n");
    }
}

registry.category("fields").add("oms_plan_comparison", {
    component: PlanComparisonField,
    supportedTypes: ["json"],
});
