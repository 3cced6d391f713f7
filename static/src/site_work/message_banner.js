import { Component, useState } from "@odoo/owl";

const LOOKS = {
    ok: { color: "alert-success", icon: "fa-check-circle" },
    done: { color: "alert-success", icon: "fa-check-circle" },
    info: { color: "alert-info", icon: "fa-info-circle" },
    warning: { color: "alert-warning", icon: "fa-exclamation-triangle" },
    error: { color: "alert-danger", icon: "fa-times-circle" },
};

/** The sentence that belongs to the last sound. */
export class MessageBanner extends Component {
    static template = "oms.SiteWorkMessageBanner";
    static props = { model: Object };

    setup() {
        this.model = useState(this.props.model);
    }

    get look() {
        return LOOKS[this.model.message.type] || LOOKS.info;
    }
}
