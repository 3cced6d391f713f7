import { Component } from "@odoo/owl";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** What the steps of a workflow did, as a timeline. */
export class EventLogField extends Component {
    static template = "oms.EventLogField";
    static props = { ...standardFieldProps };

    get steps() {
        const icons = {
            done: "fa-check-circle text-success",
            skipped: "fa-minus-circle text-muted",
            failed: "fa-times-circle text-danger",
        };
        const words = { done: _t("Done"), skipped: _t("Left out"), failed: _t("Failed") };
        return (this.props.record.data[this.props.name] || []).map((step, index) => ({
            ...step,
            key: index,
            icon: icons[step.outcome],
            word: words[step.outcome],
            time: formatDateTime(deserializeDateTime(step.at)),
        }));
    }
}

registry.category("fields").add("oms_event_log", {
    component: EventLogField,
    supportedTypes: ["json"],
});
