/* global Chart */
import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatFloat, formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const THERE = "#714B67";
const MORE = "#B8A9B4";

/** Draws what each unit of a product at a site is worth: those that are there, and some more. */
export class ValueCurveField extends Component {
    static template = "oms.ValueCurveField";
    static props = { ...standardFieldProps };

    setup() {
        this.canvasRef = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                if (!this.canvasRef.el) {
                    return;
                }
                const chart = new Chart(this.canvasRef.el, this.config);
                return () => chart.destroy();
            },
            () => [JSON.stringify(this.units)]
        );
    }

    get units() {
        return (this.props.record.data[this.props.name] || []).map(([number, value, chance, days, there]) => ({
            number,
            value,
            chance,
            days,
            there,
        }));
    }

    money(amount) {
        const { currency_id: currency } = this.props.record.data;
        return formatMonetary(amount, { currencyId: currency && currency.id });
    }

    describe({ value, chance, days }) {
        if (days === null) {
            return _t("%(value)s, never sold", { value: this.money(value) });
        }
        return _t("%(value)s, sold with %(chance)s % chance in %(days)s days", {
            value: this.money(value),
            chance: formatFloat(100 * chance, { digits: [16, 0] }),
            days: formatFloat(days, { digits: [16, 0] }),
        });
    }

    get config() {
        const units = this.units;
        return {
            type: "bar",
            data: {
                labels: units.map(({ number }) => number),
                datasets: [
                    {
                        label: _t("There"),
                        data: units.map(({ there, value }) => (there ? value : null)),
                        backgroundColor: THERE,
                        grouped: false,
                    },
                    {
                        label: _t("One more, and so on"),
                        data: units.map(({ there, value }) => (there ? null : value)),
                        backgroundColor: MORE,
                        grouped: false,
                    },
                ],
            },
            options: {
                maintainAspectRatio: false,
                animation: false,
                scales: {
                    x: { title: { display: true, text: _t("Unit, in the order in which they are sold") } },
                    y: { ticks: { callback: (value) => this.money(value) } },
                },
                plugins: {
                    tooltip: { callbacks: { label: ({ dataIndex }) => this.describe(units[dataIndex]) } },
                },
            },
        };
    }
}

export const valueCurveField = {
    component: ValueCurveField,
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "currency_id", type: "many2one" }],
};

registry.category("fields").add("oms_value_curve", valueCurveField);
