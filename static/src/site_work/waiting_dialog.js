import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { subjectOf } from "./subject";
import { describe, moment } from "./words";

/** What waits for the connection, and what the server refused. */
export class WaitingDialog extends Component {
    static template = "oms.SiteWorkWaitingDialog";
    static components = { Dialog };
    static props = { model: Object, close: Function };

    setup() {
        this.model = useState(this.props.model);
        this.moment = moment;
    }

    text(operation) {
        const detail = this.model.orders[subjectOf(operation)];
        const name = detail?.order || detail?.name || operation.subject || `#${operation.fulfillment_id}`;
        return `${name}: ${describe(operation, detail)}`;
    }

    forget() {
        this.model.forgetRefusals();
        this.props.close();
    }
}
