/* global Chart, luxon */
import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getCustomColor } from "@web/core/colors/colors";
import { _t } from "@web/core/l10n/translation";

const MOST_NAMES = 6;

/** Projected stock day by day, what of it can be promised, and what comes and goes. */
export class StockChart extends Component {
    static template = "oms.StockChart";
    static props = { days: Array, events: Array, unit: String, format: Function };

    setup() {
        this.canvasRef = useRef("canvas");
        this.chart = null;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                this.chart = new Chart(this.canvasRef.el, this.config);
                return () => this.chart.destroy();
            },
            () => [this.props.days]
        );
    }

    get summary() {
        const { days, format, unit } = this.props;
        const { promisable } = days.at(-1);
        return _t("At the end, %(quantity)s %(unit)s can be promised.", {
            quantity: format(promisable),
            unit,
        });
    }

    get labels() {
        return this.props.days.map(({ date }) =>
            date
                ? luxon.DateTime.fromISO(date).toLocaleString({ day: "numeric", month: "short" })
                : _t("Now")
        );
    }

    get datasets() {
        const { days } = this.props;
        const line = { type: "line", stepped: "middle", pointRadius: 0, pointHitRadius: 8 };
        const bar = { type: "bar", stack: "flows", minBarLength: 2, maxBarThickness: 18, order: 2 };
        const values = (name, sign = 1) => days.map((day) => (day[name] ? sign * day[name] : null));
        return [
            {
                ...line,
                label: _t("Projected stock"),
                data: days.map((day) => day.projected),
                borderColor: "#4EA7F2",
                backgroundColor: "#4EA7F2",
                borderWidth: 2,
                order: 0,
            },
            {
                ...line,
                label: _t("Can be promised"),
                data: days.map((day) => day.promisable),
                borderColor: "#714B67",
                backgroundColor: "rgba(113, 75, 103, 0.15)",
                borderWidth: 1,
                fill: "origin",
                order: 1,
            },
            { ...bar, label: _t("Comes"), data: values("supply"), backgroundColor: "#28A745" },
            { ...bar, label: _t("Goes"), data: values("demand", -1), backgroundColor: "#EA6175" },
        ];
    }

    /** The documents of a day, a line each. */
    documents(index) {
        const names = this.props.events
            .filter((event) => event.day === index)
            .map((event) => {
                const sign = event.supply ? "+" : "−";
                const document = event.documents[0]?.name || event.site;
                return `${sign}${this.props.format(event.quantity)}  ${document}`;
            });
        const more = names.length - MOST_NAMES;
        return more > 0
            ? [...names.slice(0, MOST_NAMES), _t("and %s more", more)]
            : names;
    }

    get config() {
        const scheme = cookie.get("color_scheme");
        const text = getCustomColor(scheme, "#374151", "#E4E4E4");
        const grid = getCustomColor(scheme, "rgba(0, 0, 0, 0.08)", "rgba(255, 255, 255, 0.12)");
        const format = (quantity) => this.props.format(quantity);
        return {
            data: { labels: this.labels, datasets: this.datasets },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                scales: {
                    x: {
                        grid: { display: false },
                        ticks: { color: text, maxRotation: 0, autoSkipPadding: 16 },
                    },
                    y: {
                        grid: {
                            color: ({ tick }) => (tick.value === 0 ? text : grid),
                        },
                        grace: "5%",
                        ticks: { color: text, callback: format, maxTicksLimit: 6 },
                        title: { display: !!this.props.unit, text: this.props.unit, color: text },
                    },
                },
                plugins: {
                    legend: {
                        position: "bottom",
                        labels: { color: text, boxWidth: 14, boxHeight: 8 },
                    },
                    tooltip: {
                        filter: ({ parsed }) => parsed.y !== null,
                        callbacks: {
                            label: ({ dataset, parsed }) => {
                                const quantity = dataset.type === "bar" ? Math.abs(parsed.y) : parsed.y;
                                return `${dataset.label}: ${format(quantity)}`;
                            },
                            afterBody: ([item]) => this.documents(item.dataIndex),
                        },
                    },
                },
            },
        };
    }
}
