/* global Chart */
import { Component, useEffect, useRef } from "@odoo/owl";

/** A chart as wide as what it is in; its library has to be there. */
export class ChartBox extends Component {
    static template = "oms.ChartBox";
    static props = { config: Object, summary: String };

    setup() {
        this.canvasRef = useRef("canvas");
        useEffect(
            (_config) => {
                const chart = new Chart(this.canvasRef.el, this.props.config);
                return () => chart.destroy();
            },
            () => [JSON.stringify(this.props.config.data)]
        );
    }
}
