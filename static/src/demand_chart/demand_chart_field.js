import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { FlowChartField } from "../flow_chart/flow_chart_field";

const CAME = "#8F8F8F";
const BEFORE = "#EA6175";
const EXPECTED = "#4EA7F2";

/** What came week by week, what had been forecast of it, and what is forecast now. */
export class DemandChartField extends FlowChartField {
    get summary() {
        const { came, expected, unit } = this.value;
        const sum = (values) => Math.round(values.reduce((total, one) => total + one, 0));
        return _t("The last 4 weeks: %(came)s %(unit)s. Expected in the next 4 weeks: %(expected)s.", {
            came: sum(came.slice(-4)),
            expected: sum(expected.slice(0, 4)),
            unit,
        });
    }

    get charts() {
        const config = this.configure(this.draw());
        config.options.scales.x = { ...config.options.scales.x, offset: true };
        return [{ key: "demand", title: "", summary: this.summary, config }];
    }

    draw() {
        const { came, before, expected, low, high, made } = this.value;
        const later = (values) => [...Array(came.length).fill(null), ...values];
        const line = (label, data, color, more = {}) => ({
            type: "line",
            label,
            data,
            borderColor: color,
            backgroundColor: color,
            borderWidth: 2,
            pointRadius: 2,
            pointHitRadius: 8,
            ...more,
        });
        const edge = { borderWidth: 1, borderDash: [4, 4], pointRadius: 0 };
        return [
            line(_t("Forecast"), later(expected), EXPECTED),
            line(_t("At most"), later(high), EXPECTED, edge),
            line(_t("At least"), later(low), EXPECTED, {
                ...edge,
                fill: "-1",
                backgroundColor: EXPECTED + "33",
            }),
            line(made ? _t("Forecast before") : _t("Would have been forecast"), before, BEFORE),
            {
                type: "bar",
                label: _t("Came"),
                data: came,
                backgroundColor: CAME,
                borderColor: CAME,
            },
        ].filter(({ data }) => data.some((one) => one !== null));
    }
}

registry.category("fields").add("oms_demand_chart", {
    component: DemandChartField,
    supportedTypes: ["json"],
});
