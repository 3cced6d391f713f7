/* global Chart, luxon */
import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

const MODEL = "oms.promise.calibration";

/** Asked confidence against the share kept: a well calibrated promise lies on the diagonal. */
export class PromiseCalibration extends Component {
    static template = "oms.PromiseCalibration";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.canvasRef = useRef("canvas");
        this.state = useState({ points: [], days: 90, by: "channel_id", group: 0, groups: [] });
        onWillStart(async () => {
            await Promise.all([loadBundle("web.chartjs_lib"), this.load()]);
        });
        useEffect(
            () => {
                if (!this.canvasRef.el) {
                    return;
                }
                const chart = new Chart(this.canvasRef.el, this.config);
                return () => chart.destroy();
            },
            () => [this.state.points]
        );
    }

    get display() {
        return { controlPanel: {} };
    }

    get periods() {
        return [
            { days: 30, label: _t("Last 30 days") },
            { days: 90, label: _t("Last 90 days") },
            { days: 365, label: _t("Last year") },
            { days: 0, label: _t("All") },
        ];
    }

    get fields() {
        return [
            { name: "channel_id", label: _t("Channel") },
            { name: "site_id", label: _t("Site") },
            { name: "carrier_id", label: _t("Carrier") },
        ];
    }

    get domainOfPeriod() {
        if (!this.state.days) {
            return [];
        }
        const since = luxon.DateTime.now().minus({ days: this.state.days }).toISODate();
        return [["promised_date", ">=", since]];
    }

    get domain() {
        const { by, group } = this.state;
        return group ? [...this.domainOfPeriod, [by, "=", group]] : this.domainOfPeriod;
    }

    get number() {
        return this.state.points.reduce((sum, point) => sum + point.number, 0);
    }

    async load() {
        const { by } = this.state;
        const groups = await this.orm.formattedReadGroup(MODEL, this.domainOfPeriod, [by], ["number:sum"]);
        this.state.groups = groups
            .filter((group) => group[by])
            .map((group) => ({ id: group[by][0], name: group[by][1] }));
        if (!this.state.groups.some(({ id }) => id === this.state.group)) {
            this.state.group = 0;
        }
        this.state.points = await this.orm.call(MODEL, "get_curve", [this.domain]);
    }

    onPeriod(ev) {
        this.state.days = Number(ev.target.value);
        return this.load();
    }

    onBy(ev) {
        this.state.by = ev.target.value;
        this.state.group = 0;
        return this.load();
    }

    onGroup(ev) {
        this.state.group = Number(ev.target.value);
        return this.load();
    }

    percent(share, digits = 1) {
        return `${(share * 100).toFixed(digits)} %`;
    }

    /** Whether the confidence that was asked for may be what is kept in the long run. */
    isTrue(point) {
        return point.lower <= point.confidence && point.confidence <= point.upper;
    }

    verdict(point) {
        if (this.isTrue(point)) {
            return _t("as asked");
        }
        return point.upper < point.confidence ? _t("too often late") : _t("longer than needed");
    }

    openPromises() {
        return this.action.doAction("oms.action_promise");
    }

    get config() {
        const { points } = this.state;
        const shares = points.flatMap((point) => [point.confidence, point.lower]);
        const least = Math.max(Math.floor(Math.min(...shares, 0.8) * 20) / 20 - 0.05, 0);
        const at = (name) => points.map((point) => ({ x: point.confidence, y: point[name] }));
        const line = { type: "line", pointRadius: 0, showLine: true };
        const axis = {
            min: least,
            max: 1,
            ticks: { callback: (value) => this.percent(value, 0) },
        };
        return {
            type: "scatter",
            data: {
                datasets: [
                    {
                        label: _t("Kept"),
                        data: at("kept"),
                        backgroundColor: "#714B67",
                        borderColor: "#714B67",
                        pointRadius: 6,
                    },
                    ...points.map((point, index) => ({
                        ...line,
                        label: index ? "" : _t("95 % interval"),
                        data: [
                            { x: point.confidence, y: point.lower },
                            { x: point.confidence, y: point.upper },
                        ],
                        borderColor: "#4EA7F2",
                        borderWidth: 3,
                    })),
                    {
                        ...line,
                        label: _t("As asked"),
                        data: [
                            { x: least, y: least },
                            { x: 1, y: 1 },
                        ],
                        borderColor: "#8F8F8F",
                        borderDash: [6, 6],
                        borderWidth: 1,
                    },
                ],
            },
            options: {
                maintainAspectRatio: false,
                animation: false,
                scales: {
                    x: { ...axis, title: { display: true, text: _t("Confidence asked for") } },
                    y: { ...axis, title: { display: true, text: _t("Share kept") } },
                },
                plugins: {
                    legend: { labels: { filter: ({ text }) => Boolean(text) } },
                    tooltip: {
                        filter: ({ datasetIndex }) => !datasetIndex,
                        callbacks: { label: ({ dataIndex }) => this.describe(points[dataIndex]) },
                    },
                },
            },
        };
    }

    describe(point) {
        return _t("%(kept)s of %(number)s kept, asked for %(asked)s", {
            kept: this.percent(point.kept),
            number: point.number,
            asked: this.percent(point.confidence, 0),
        });
    }
}

registry.category("actions").add("oms_promise_calibration", PromiseCalibration);
