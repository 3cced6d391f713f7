import { Component, useState } from "@odoo/owl";
import { user } from "@web/core/user";
import { distance, moment, quantity, serviceOf, STATES, stateName, waveText } from "./words";

/** Whose order it is, until when, how far, and who works on it. */
export class OrderHeader extends Component {
    static template = "oms.SiteWorkOrderHeader";
    static props = { model: Object, detail: Object, orderId: Number };

    setup() {
        this.model = useState(this.props.model);
        Object.assign(this, { distance, moment, quantity, serviceOf, stateName, waveText });
    }

    get zone() {
        return this.model.work?.site.tz || false;
    }

    get carrierName() {
        const { carrier } = this.props.detail;
        return carrier?.name || carrier || "";
    }

    get otherWorker() {
        const { worker } = this.props.detail;
        return worker && worker.id !== user.userId ? worker : null;
    }

    get isMine() {
        return this.props.detail.worker?.id === user.userId;
    }

    get pendingCount() {
        return this.model.pendingOf(this.props.orderId).length;
    }

    get states() {
        const { offer, work_state } = this.props.detail;
        const now = STATES.indexOf(work_state || (offer ? "todo" : ""));
        return STATES.map((state, index) => ({
            state,
            isDone: index < now || now < 0,
            isNow: index === now,
        }));
    }

    takeOver() {
        this.model.operate(this.props.orderId, "start", { take_over: true });
    }

    leave() {
        this.model.operate(this.props.orderId, "leave");
    }
}
