import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus } from "@web/core/utils/hooks";
import { useScanHandler } from "./scan_handler";

/** Where what is ready waits. */
export class ReadyDialog extends Component {
    static template = "oms.SiteWorkReadyDialog";
    static components = { Dialog };
    static props = { model: Object, detail: Object, confirm: Function, close: Function };

    setup() {
        this.state = useState({ storage: this.props.detail.storage || "" });
        useAutofocus({ refName: "storage" });
        useScanHandler(this.props.model, (barcode) => (this.state.storage = barcode));
    }

    confirm() {
        this.props.confirm(this.state.storage.trim());
        this.props.close();
    }
}
