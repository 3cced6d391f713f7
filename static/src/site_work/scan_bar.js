import { Component, useState } from "@odoo/owl";
import { isBarcodeScannerSupported } from "@web/core/barcode/barcode_video_scanner";
import { scanBarcode } from "@web/core/barcode/barcode_dialog";
import { useService } from "@web/core/utils/hooks";

/** For whoever has no scanner: a code that is typed, or read by the camera. */
export class ScanBar extends Component {
    static template = "oms.SiteWorkScanBar";
    static props = {
        onScan: Function,
        placeholder: String,
        onInput: { type: Function, optional: true },
    };

    setup() {
        this.notification = useService("notification");
        this.state = useState({ text: "" });
        this.hasCamera = isBarcodeScannerSupported();
    }

    onInput(ev) {
        this.state.text = ev.target.value;
        this.props.onInput?.(this.state.text.trim());
    }

    submit() {
        const code = this.state.text.trim();
        if (code) {
            this.state.text = "";
            this.props.onScan(code);
        }
    }

    clear() {
        this.state.text = "";
        this.props.onInput?.("");
    }

    async useCamera() {
        try {
            const code = await scanBarcode(this.env);
            if (code) {
                this.props.onScan(code);
            }
        } catch (error) {
            this.notification.add(error.message, { type: "warning" });
        }
    }
}
