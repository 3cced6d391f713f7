/* global luxon */
import { Component, onWillStart } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { ChartBox } from "./chart_box";

const GIVES = "#EA6175";
const GETS = "#4EA7F2";

/**
 * How the stock at both ends of a flow goes down, with and without it: a chart for each end, since
 * a warehouse has a hundred times what a store has.
 */
export class FlowChartField extends Component {
    static template = "oms.FlowChartField";
    static components = { ChartBox };
    static props = { ...standardFieldProps };

    setup() {
        onWillStart(() => loadBundle("web.chartjs_lib"));
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get charts() {
        return [false, true]
            .map((origin) => this.value.series.filter((one) => one.origin === origin))
            .filter((series) => series.length)
            .map((series) => ({
                key: series[0].origin,
                title: series[0].origin
                    ? _t("Where it comes from: %s", series[0].name)
                    : _t("Where it goes: %s", series[0].name),
                summary: this.summarize(series),
                config: this.configure(this.draw(series)),
            }));
    }

    /** The same in words, for those who do not see it. */
    summarize(series) {
        return series
            .map(({ after, values }) =>
                _t("%(which)s: %(first)s now, %(last)s at the end", {
                    which: after ? _t("With it") : _t("As it is"),
                    first: values[0],
                    last: values.at(-1),
                })
            )
            .join("; ");
    }

    draw(series) {
        return series.map(({ after, origin, values }) => ({
            label: after ? _t("With it") : _t("As it is"),
            data: values,
            borderColor: origin ? GIVES : GETS,
            backgroundColor: origin ? GIVES : GETS,
            borderDash: after ? [] : [5, 5],
            borderWidth: after ? 2.5 : 1.5,
            stepped: "middle",
            pointRadius: 0,
            pointHitRadius: 8,
        }));
    }

    configure(datasets) {
        const scheme = cookie.get("color_scheme");
        const grid = getCustomColor(scheme, "#d8dadd", "#3C3E4B");
        const label = getCustomColor(scheme, "#111827", "#E4E4E4");
        const axis = { grid: { color: grid }, ticks: { color: label, maxTicksLimit: 8 } };
        return {
            type: "line",
            data: {
                labels: this.value.days.map((day) =>
                    luxon.DateTime.fromISO(day).toLocaleString({ day: "numeric", month: "short" })
                ),
                datasets,
            },
            options: {
                maintainAspectRatio: false,
                animation: false,
                interaction: { mode: "index", intersect: false },
                scales: {
                    x: axis,
                    y: {
                        ...axis,
                        beginAtZero: true,
                        title: { display: true, text: this.value.unit, color: label },
                    },
                },
                plugins: { legend: { position: "bottom", labels: { color: label } } },
            },
        };
    }
}

registry.category("fields").add("oms_flow_chart", {
    component: FlowChartField,
    supportedTypes: ["json"],
});
