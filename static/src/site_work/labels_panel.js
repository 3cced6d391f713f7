import { Component, useEffect } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { isMobileOS } from "@web/core/browser/feature_detection";
import { registry } from "@web/core/registry";

const WAIT_MS = 2500;
const PATIENCE = 24;

/** Labels: printed as PDF, or downloaded for a label printer. */
export class LabelsPanel extends Component {
    static template = "oms.SiteWorkLabelsPanel";
    static props = { page: Object, detail: Object };

    setup() {
        this.looks = 0;
        // The carrier is asked after the answer: look again until the label is there.
        useEffect(
            (detail, isWaiting) => {
                if (isWaiting && this.looks < PATIENCE) {
                    this.looks += 1;
                    const { model, props } = this.props.page;
                    const timer = browser.setTimeout(() => model.loadOrder(props.orderId), WAIT_MS);
                    return () => browser.clearTimeout(timer);
                }
            },
            () => [this.props.detail, this.isWaiting]
        );
    }

    get labels() {
        return this.props.detail.labels || [];
    }

    get isWaiting() {
        const { isLabelAsked } = this.props.page.state;
        return isLabelAsked && !this.labels.some((label) => label.url);
    }

    isPdf(label) {
        return (label.format || "pdf").toLowerCase() === "pdf";
    }

    formatName(label) {
        return (label.format || "pdf").toUpperCase();
    }

    /** Opens the printing dialog; phones show the file, and print from there. */
    print({ url }) {
        const shown = url.replace(/[?&]download=true/, "");
        if (isMobileOS()) {
            browser.open(shown, "_blank");
            return;
        }
        const frame = document.createElement("iframe");
        frame.className = "d-none";
        frame.src = shown;
        frame.onload = () => {
            try {
                frame.contentWindow.focus();
                frame.contentWindow.print();
            } catch {
                browser.open(shown, "_blank");
            }
        };
        document.body.append(frame);
        browser.setTimeout(() => frame.remove(), 10 * 60 * 1000);
    }
}

registry.category("oms_site_work_panels").add(
    "labels",
    {
        Component: LabelsPanel,
        isShown: (detail, page) => !!detail.labels?.length || page.state.isLabelAsked,
    },
    { sequence: 20 }
);
