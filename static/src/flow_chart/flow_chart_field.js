/* global Chart, luxon */
import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const GIVES = "#EA6175";
const GETS = "#4EA7F2";

/** How the stock at both ends of a flow goes down, with and without it. */
export class FlowChartField extends Component {
    static template = "oms.FlowChartField";
    static props = { ...standardFieldProps };

    setup() {
        this.canvasRef = useRef("canvas");
        this.chart = null;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                if (!this.canvasRef.el) {
                    return undefined;
                }
                this.chart = new Chart(this.canvasRef.el, this.config);
                return () => this.chart.destroy();
            },
            () => [JSON.stringify(this.value)]
        );
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    /** The same in words, for those who do not see it. */
    get summary() {
        return this.value.series
            .filter(({ after }) => after)
            .map(({ name, values }) =>
                _t("%(site)s: %(first)s now, %(last)s at the end", {
                    site: name,
                    first: values[0],
                    last: values.at(-1),
                })
            )
            .join("; ");
    }

    get datasets() {
        return this.value.series.map(({ name, after, origin, values }) => ({
            label: after ? _t("%s with it", name) : _t("%s as it is", name),
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

    get config() {
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
                datasets: this.datasets,
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
