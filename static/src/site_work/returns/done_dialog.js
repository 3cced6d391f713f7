import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useScanHandler } from "../scan_handler";
import { productName, quantity } from "../words";
import { missing, receivedUnits, ungraded } from "./return_effects";

/** What is booked when a return is done, and what is still open. */
export class DoneDialog extends Component {
    static template = "oms.SiteWorkReturnDoneDialog";
    static components = { Dialog };
    static props = { model: Object, detail: Object, confirm: Function, close: Function };

    setup() {
        Object.assign(this, { missing, productName, quantity });
        const { detail } = this.props;
        this.state = useState({ rest: "none" });
        useScanHandler(this.props.model, () =>
            this.props.model.say("warning", _t("Cancel first, then scan on."))
        );
        this.units = receivedUnits(detail);
        this.missingLines = detail.lines.filter(missing);
        this.ungraded = ungraded(detail);
        this.others = detail.lines.filter((line) => line.is_other);
    }

    confirm() {
        this.props.confirm(this.missingLines.length ? { rest: this.state.rest } : {});
        this.props.close();
    }
}
